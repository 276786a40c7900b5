import type { IntakePart, LiveFormat, LivePacket, LiveTitle } from '../../src/intake/intake.ts';
import { liveDemux } from '../../src/intake/live-demux.ts';

/** What came, by kind; each packet with the format that holds for it. */
export interface Demuxed {
  readonly formats: readonly LiveFormat[];
  readonly titles: readonly LiveTitle[];
  readonly packets: readonly LivePacket[];
  /** One line a packet: its bytes and samples, and what of it is not to be heard. */
  readonly lines: readonly string[];
}

/** What the demuxer makes of `bytes` in pushes of `sizes`, over and over, and of their end. */
export function demuxed(bytes: Uint8Array, sizes: readonly number[] = [1000], kbps: number | null = null): Demuxed {
  const demux = liveDemux(kbps);
  const parts: IntakePart[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    parts.push(...demux.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return sorted([...parts, ...demux.end()]);
}

export function sorted(parts: readonly IntakePart[]): Demuxed {
  const packets = parts.flatMap((part) => (part.kind === 'packets' ? part.packets : []));
  return {
    packets,
    formats: parts.flatMap((part) => (part.kind === 'format' ? [part.format] : [])),
    titles: parts.flatMap((part) => (part.kind === 'title' ? [part.title] : [])),
    lines: packets.map(lineOf),
  };
}

export const lineOf = ({ bytes, samples, skip = 0, cut = 0 }: LivePacket): string =>
  `${Buffer.from(bytes).toString('base64url')} ${samples} ${skip} ${cut}`;

export const samplesIn = (packets: readonly LivePacket[]): number =>
  packets.reduce((sum, { samples }) => sum + samples, 0);

/** Where `part`, which must not be empty, stands as a whole in `whole`; -1: nowhere. */
export function placeIn(whole: readonly string[], part: readonly string[]): number {
  const [first] = part;
  for (let at = first === undefined ? -1 : whole.indexOf(first); at >= 0; at = whole.indexOf(first ?? '', at + 1))
    if (part.every((line, i) => whole[at + i] === line)) return at;
  return -1;
}
