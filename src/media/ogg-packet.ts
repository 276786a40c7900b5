import { lacingOf, MOST_LACING, writeOggPage } from './ogg-page.ts';

/** Lays one packet of a header on pages of its own, as many as it needs; its granule position is 0. */
export function packetPages(packet: Uint8Array, serial: number, firstSequence: number): readonly Uint8Array[] {
  const lacing = lacingOf(packet.length);
  const pages: Uint8Array[] = [];
  for (let at = 0; at < lacing.length; at += MOST_LACING) {
    const part = lacing.slice(at, at + MOST_LACING);
    const isEnd = at + MOST_LACING >= lacing.length;
    pages.push(
      writeOggPage({
        serial,
        sequence: firstSequence + pages.length,
        granule: isEnd ? 0 : null,
        continues: at > 0,
        isFirst: firstSequence === 0 && at === 0,
        lacing: part,
        body: [packet.subarray(at * 255, isEnd ? undefined : (at + MOST_LACING) * 255)],
      }),
    );
  }
  return pages;
}
