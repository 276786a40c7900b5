import { BatonError } from '../errors.ts';
import { boxesIn, uint64 } from '../media/box-read.ts';
import { entriesOf, type FragmentClock, type FragmentEntry } from '../media/fragments.ts';
import type { Fragment } from './fetch-fragments.ts';
import type { SampleTable } from './sample-table.ts';

/** Nine hours at 30 a second. */
const MOST_SAMPLES = 1_000_000;
/** Share of samples that makes their duration the usual one. */
const MOST = 0.95;

/** The samples of a track in all fragments, and the decode time that its table counts from. */
export interface FragmentTable {
  readonly base: number;
  readonly table: SampleTable;
}

/** Throws SOURCE_DAMAGED where times run backwards, SOURCE_TOO_LARGE. */
export function readFragmentTable(fragments: readonly Fragment[], track: FragmentClock): FragmentTable {
  const entries = [...samplesIn(fragments, track)];
  const count = entries.length;
  const base = entries[0]?.ticks ?? 0;
  const decodeTimes = new Float64Array(count + 1);
  const lasting = new Map<number, number>();
  for (const [index, { ticks, duration }] of entries.entries()) {
    decodeTimes[index] = ticks - base;
    decodeTimes[index + 1] = ticks - base + duration;
    if (index > 0 && ticks - base < (decodeTimes[index - 1] ?? 0))
      throw new BatonError('SOURCE_DAMAGED', 'fragments whose times run backwards');
    if (lasting.size < 64 || lasting.has(duration)) lasting.set(duration, (lasting.get(duration) ?? 0) + 1);
  }
  const usual = [...lasting].find(([duration, samples]) => duration > 0 && samples >= MOST * count);
  return {
    base,
    table: {
      ...{ count, decodeTimes, usualDuration: usual?.[0] ?? null },
      shifts: Int32Array.from(entries, ({ shift }) => shift),
      sizes: Uint32Array.from(entries, ({ size }) => size),
      offsets: Float64Array.from(entries, ({ offset }) => offset),
      keys: Uint32Array.from(entries.flatMap(({ isSync }, index) => (isSync ? [index] : []))),
    },
  };
}

function* samplesIn(fragments: readonly Fragment[], track: FragmentClock): Generator<FragmentEntry, void> {
  let left = MOST_SAMPLES;
  let next = 0;
  for (const { start, moof } of fragments)
    for (const { type, content } of boxesIn(moof)) {
      if (type !== 'traf') continue;
      for (const entry of entriesOf(content, start, track, next, true)) {
        if (--left < 0) throw new BatonError('SOURCE_TOO_LARGE', `more than ${MOST_SAMPLES} pictures`);
        next = entry.ticks + entry.duration;
        yield entry;
      }
    }
}

/** When the first sample of a track is presented, in its ticks; 0 where it has none. */
export function firstTicks(fragments: readonly Fragment[], track: FragmentClock): number {
  for (const entry of samplesIn(fragments, track)) return entry.ticks + entry.shift;
  return 0;
}

/** A fragment as it is kept: its place, then what of it is of one track. */
export function keptFragment({ start, moof }: Fragment, { id }: FragmentClock): Uint8Array {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(start));
  const own: Uint8Array[] = [place];
  let at = 0;
  for (const { type, content, start: from, offset } of boxesIn(moof)) {
    at = offset + content.length;
    const header = type === 'traf' ? [...boxesIn(content)].find((box) => box.type === 'tfhd')?.content : undefined;
    if (header !== undefined && Buffer.from(header).readUInt32BE(4) === id) own.push(moof.subarray(from, at));
  }
  return Buffer.concat(own);
}

export const fragmentIn = (kept: Uint8Array): Fragment => ({ start: uint64(kept, 0), moof: kept.subarray(8) });
