import { BatonError } from '../errors.ts';
import { childOf, uint32 } from '../source/movie-boxes.ts';

/** Where the samples of a track stand and when they are due, in the order they are decoded. Times are ticks of the track. */
export interface SampleTable {
  readonly count: number;
  /** One more than there are samples: the last one is where the last sample ends. */
  readonly decodeTimes: Float64Array;
  /** From when a sample is decoded to when it is shown. */
  readonly shifts: Int32Array;
  readonly sizes: Uint32Array;
  readonly offsets: Float64Array;
  /** Indexes of the samples that decoding may begin with. */
  readonly keys: Uint32Array;
  /** How long most samples last; null where they differ. */
  readonly usualDuration: number | null;
}

/** A film of 24 hours has as many at 23 frames a second. */
const MOST_SAMPLES = 2_000_000;
/** Share of samples that makes their duration the usual one. */
const MOST = 0.95;

/** The tables of a track (ISO/IEC 14496-12 sections 8.6 and 8.7). Throws SOURCE_DAMAGED where they do not agree. */
export function readSampleTable(stbl: Uint8Array): SampleTable {
  const sizes = readSizes(stbl);
  const count = sizes.length;
  const { decodeTimes, usualDuration } = readTimes(childOf(stbl, 'stts'), count);
  return {
    ...{ count, sizes, decodeTimes, usualDuration },
    shifts: readShifts(childOf(stbl, 'ctts'), count),
    offsets: readOffsets(stbl, sizes),
    keys: readKeys(childOf(stbl, 'stss'), count),
  };
}

function readSizes(stbl: Uint8Array): Uint32Array {
  const stsz = childOf(stbl, 'stsz');
  const stz2 = childOf(stbl, 'stz2');
  const box = stsz ?? stz2;
  if (box === undefined) throw damaged('no sizes of samples');
  const [size, count] = [uint32(box, 4), uint32(box, 8)];
  const bits = stsz ? 32 : size & 0xff;
  const isEven = stsz !== undefined && size > 0;
  if (count > MOST_SAMPLES) throw damaged(`${count} samples`);
  if (!isEven && 12 + (count * bits) / 8 > box.length) throw damaged('a table of sizes that is cut off');
  const view = viewOf(box);
  const sizes = new Uint32Array(count);
  for (let index = 0; index < count; index++)
    sizes[index] = isEven ? size : bits === 32 ? view.getUint32(12 + 4 * index) : narrow(view, bits, index);
  return sizes;
}

function narrow(view: DataView, bits: number, index: number): number {
  if (bits === 16) return view.getUint16(12 + 2 * index);
  if (bits === 8) return view.getUint8(12 + index);
  return (view.getUint8(12 + (index >> 1)) >> (index % 2 === 0 ? 4 : 0)) & 15;
}

function readTimes(stts: Uint8Array | undefined, count: number): Pick<SampleTable, 'decodeTimes' | 'usualDuration'> {
  const decodeTimes = new Float64Array(count + 1);
  const lasting = new Map<number, number>();
  let [index, time] = [0, 0];
  for (const [run, duration] of pairsOf(stts)) {
    const end = Math.min(count, index + run);
    if (lasting.size < 64 || lasting.has(duration)) lasting.set(duration, (lasting.get(duration) ?? 0) + end - index);
    for (; index < end; index++) {
      decodeTimes[index] = time;
      time += duration;
    }
  }
  if (index < count) throw damaged(`times of ${index} of ${count} samples`);
  decodeTimes[count] = time;
  const usual = [...lasting].find(([duration, samples]) => duration > 0 && samples >= MOST * count);
  return { decodeTimes, usualDuration: usual?.[0] ?? null };
}

function readShifts(ctts: Uint8Array | undefined, count: number): Int32Array {
  const shifts = new Int32Array(count);
  let index = 0;
  // Version 0 has unsigned ones, in which many a writer puts negative ones.
  for (const [run, shift] of pairsOf(ctts)) {
    shifts.fill(shift | 0, index, Math.min(count, index + run));
    index += run;
    if (index >= count) break;
  }
  return shifts;
}

function readKeys(stss: Uint8Array | undefined, count: number): Uint32Array {
  if (stss === undefined) return Uint32Array.from({ length: count }, (_, index) => index);
  const listed = Math.min(uint32(stss, 4), (stss.length - 8) >> 2);
  const view = viewOf(stss);
  const keys = Array.from({ length: listed }, (_, index) => view.getUint32(8 + 4 * index) - 1);
  return Uint32Array.from(keys.filter((key, index) => key >= 0 && key < count && key > (keys[index - 1] ?? -1)));
}

function readOffsets(stbl: Uint8Array, sizes: Uint32Array): Float64Array {
  const long = childOf(stbl, 'co64');
  const box = long ?? childOf(stbl, 'stco');
  const stsc = childOf(stbl, 'stsc');
  if (box === undefined || stsc === undefined) throw damaged('no offsets of samples');
  const width = long ? 8 : 4;
  const chunks = Math.min(uint32(box, 4), Math.floor((box.length - 8) / width));
  const view = viewOf(box);
  const runs = viewOf(stsc);
  const listed = Math.min(uint32(stsc, 4), Math.floor((stsc.length - 8) / 12));
  const offsets = new Float64Array(sizes.length);
  let [index, run] = [0, 0];
  for (let chunk = 0; chunk < chunks && index < sizes.length; chunk++) {
    while (run + 1 < listed && runs.getUint32(8 + 12 * (run + 1)) <= chunk + 1) run++;
    const inChunk = listed === 0 ? 0 : runs.getUint32(8 + 12 * run + 4);
    let offset = long ? Number(view.getBigUint64(8 + 8 * chunk)) : view.getUint32(8 + 4 * chunk);
    for (const end = Math.min(sizes.length, index + inChunk); index < end; index++) {
      offsets[index] = offset;
      offset += sizes[index] ?? 0;
    }
  }
  if (index < sizes.length) throw damaged(`places of ${index} of ${sizes.length} samples`);
  return offsets;
}

/** Runs of samples with one value. */
function* pairsOf(box: Uint8Array | undefined): Generator<readonly [number, number]> {
  if (box === undefined) return;
  const view = viewOf(box);
  const count = Math.min(uint32(box, 4), Math.floor((box.length - 8) / 8));
  for (let at = 8; at < 8 + 8 * count; at += 8) yield [view.getUint32(at), view.getUint32(at + 4)];
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

const damaged = (detail: string): BatonError => new BatonError('SOURCE_DAMAGED', detail);
