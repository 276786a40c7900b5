import { playFrames } from '../encode/play-frames.ts';
import type { Ends } from '../encode/play-chunks.ts';
import type { EncodeMeter } from '../encode/output.ts';
import { PAGE_PACKETS, pagesBytes } from '../grid/pages.ts';
import type { Timeline } from '../grid/timeline.ts';
import { lacingOf, writeOggPage } from '../media/ogg-page.ts';
import type { ByteRange } from '../units.ts';
import type { Baton } from './baton.ts';
import type { EncodedFrames, OggStream } from './virtual-file.ts';

/**
 * The bytes in `range` of the pages that hold an output's packets, counted from the first of them; pages leave whole, as
 * their checksums need it. Throws as `playFrames`.
 */
export async function* oggPages(
  { output }: EncodedFrames,
  stream: OggStream,
  range: ByteRange,
  baton: Baton,
  meter: EncodeMeter,
  ends: Ends,
): AsyncGenerator<Uint8Array, void> {
  const { timeline } = output;
  const pageBytes = pagesBytes(timeline, PAGE_PACKETS);
  const first = Math.floor(range.start / pageBytes);
  const from = first * PAGE_PACKETS;
  const to = Math.min(Math.ceil(range.end / pageBytes) * PAGE_PACKETS, timeline.frames ?? Infinity);
  let [page, position] = [first, first * pageBytes];
  let packets: Uint8Array[] = [];
  for await (const run of playFrames(output, { from, to }, baton, meter, ends)) {
    const pages: Uint8Array[] = [];
    for (const packet of run) {
      packets.push(packet);
      if (packets.length < PAGE_PACKETS && page * PAGE_PACKETS + packets.length < to) continue;
      pages.push(audioPage(page, packets, timeline, stream));
      page += 1;
      packets = [];
    }
    if (pages.length === 0) continue;
    const bytes = Buffer.concat(pages);
    const wanted = bytes.subarray(Math.max(0, range.start - position), Math.max(0, range.end - position));
    position += bytes.length;
    if (wanted.length > 0) yield wanted;
  }
}

/** The last page ends the stream, and its granule position tells where within its packets (RFC 7845 section 4.4). */
function audioPage(
  page: number,
  packets: readonly Uint8Array[],
  { frames, frameSamples, samples, priming }: Timeline,
  { serial, firstSequence }: OggStream,
): Uint8Array {
  const end = page * PAGE_PACKETS + packets.length;
  const isLast = end === frames;
  return writeOggPage({
    serial,
    sequence: firstSequence + page,
    granule: isLast && samples !== null ? priming + samples : end * frameSamples,
    isLast,
    lacing: packets.flatMap(({ length }) => lacingOf(length)),
    body: packets,
  });
}
