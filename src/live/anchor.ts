import type { Samples } from '../units.ts';
import { NAME_BYTES, type PacketName } from './packet-name.ts';

/** Recent packets of an epoch: by them a process that joins finds out where in the epoch its own packets lie. */
export interface Anchor {
  /** Id of the epoch. */
  readonly epoch: number;
  /** Decoded samples of the epoch before the first of `packets`. */
  readonly at: Samples;
  readonly packets: readonly NamedPacket[];
}

export interface NamedPacket {
  readonly name: PacketName;
  /** That it adds, decoded. */
  readonly samples: Samples;
}

/** Where the first of somebody's packets lies, in decoded samples of the epoch; or whether more packets may tell. */
export type Match = { readonly at: Samples } | 'unclear' | 'none';

/** So many different packets in a row are the same by chance in no stream; silence repeats a single one. */
const LEAST_DISTINCT = 3;

/**
 * Finds `own` packets, which follow each other, among those of the anchor. Where both have packets, all must be the same,
 * and there must be one place only where they are. `unclear` while there are several, or too few packets to be sure.
 */
export function matchAnchor({ at, packets }: Anchor, own: readonly NamedPacket[]): Match {
  const places = new Map<PacketName, number[]>();
  for (const [index, { name }] of packets.entries()) places.set(name, [...(places.get(name) ?? []), index]);
  const equal = new Map<number, number>();
  for (const [index, { name }] of own.entries())
    for (const place of places.get(name) ?? []) equal.set(place - index, (equal.get(place - index) ?? 0) + 1);
  const fits = [...equal].filter(([shift, count]) => count === overlap(shift, packets.length, own.length));
  const sure = fits.filter(([shift]) => distinct(shift, packets, own) >= LEAST_DISTINCT);
  const [only] = sure;
  if (only !== undefined && sure.length === 1) return { at: at + samplesBefore(only[0], packets, own) };
  return fits.length > 0 ? 'unclear' : 'none';
}

/** How many packets both have when `own[0]` lies at index `shift` of the anchor. */
const overlap = (shift: number, known: number, own: number): number =>
  Math.min(known, shift + own) - Math.max(0, shift);

function distinct(shift: number, packets: readonly NamedPacket[], own: readonly NamedPacket[]): number {
  const both = packets.slice(Math.max(0, shift), Math.max(0, shift + own.length));
  return new Set(both.map(({ name }) => name)).size;
}

function samplesBefore(shift: number, packets: readonly NamedPacket[], own: readonly NamedPacket[]): Samples {
  return shift >= 0 ? samplesOf(packets.slice(0, shift)) : 0 - samplesOf(own.slice(0, -shift));
}

/** What packets add up to. */
export const samplesOf = (packets: readonly { readonly samples: Samples }[]): Samples =>
  packets.reduce((sum, { samples }) => sum + samples, 0);

/** An anchor as it is stored: names in base64, durations in runs of equal ones. */
export interface StoredAnchor {
  readonly epoch: number;
  readonly at: Samples;
  readonly names: string;
  readonly samples: readonly (readonly [samples: Samples, count: number])[];
}

export function encodeAnchor({ epoch, at, packets }: Anchor): StoredAnchor {
  const names = Buffer.alloc(packets.length * NAME_BYTES);
  const runs: [Samples, number][] = [];
  for (const [index, { name, samples }] of packets.entries()) {
    names.writeUIntBE(name, index * NAME_BYTES, NAME_BYTES);
    const run = runs.at(-1);
    if (run?.[0] === samples) run[1] += 1;
    else runs.push([samples, 1]);
  }
  return { epoch, at, names: names.toString('base64'), samples: runs };
}

export function decodeAnchor({ epoch, at, names, samples }: StoredAnchor): Anchor {
  const bytes = Buffer.from(names, 'base64');
  const durations = samples.flatMap(([each, count]) => Array<Samples>(count).fill(each));
  const packets = durations.map((each, index) => ({
    name: bytes.readUIntBE(index * NAME_BYTES, NAME_BYTES),
    samples: each,
  }));
  return { epoch, at, packets };
}
