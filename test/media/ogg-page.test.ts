import { expect, test } from 'vitest';
import { lacingOf, writeOggPage, type OggPage } from '../../src/media/ogg-page.ts';
import { packetPages } from '../../src/media/ogg-packet.ts';
import { opusHeaderPages } from '../../src/media/opus-head.ts';
import { ffmpeg, pcmArgs, randomBytes, tones } from './sound.ts';

/** The pages of a file, each with its bytes, read without a look at what is under test (RFC 3533 section 6). */
function pagesOf(file: Uint8Array): { page: OggPage; bytes: Uint8Array }[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const pages: { page: OggPage; bytes: Uint8Array }[] = [];
  for (let at = 0; at < file.length; at += pages.at(-1)?.bytes.length ?? NaN) {
    const lacing = [...file.subarray(at + 27, at + 27 + (file[at + 26] ?? 0))];
    const start = at + 27 + lacing.length;
    const end = start + lacing.reduce((sum, value) => sum + value, 0);
    const flags = file[at + 5] ?? 0;
    const granule = view.getBigInt64(at + 6, true);
    const page = {
      serial: view.getUint32(at + 14, true),
      sequence: view.getUint32(at + 18, true),
      granule: granule === -1n ? null : Number(granule),
      continues: (flags & 1) > 0,
      isFirst: (flags & 2) > 0,
      isLast: (flags & 4) > 0,
      lacing,
      body: [file.subarray(start, end)],
    };
    pages.push({ page, bytes: file.subarray(at, end) });
  }
  return pages;
}

test.each([
  ['many packets on a page', ['-page_duration', '1000000']],
  ['one packet on a page', ['-page_duration', '20000']],
])('pages are those that ffmpeg writes: %s', (_, options) => {
  const sound = [...pcmArgs(48_000, 2), '-c:a', 'libopus', '-b:a', '96k', ...options, '-f', 'ogg', 'pipe:1'];
  const pages = pagesOf(ffmpeg(sound, tones(96_000, 2)));
  expect(pages.length).toBeGreaterThan(3);
  for (const { page, bytes } of pages) expect(writeOggPage(page)).toEqual(bytes);
});

test.each([1, 254, 255, 256, 510, 640, 1275])('a packet of %i bytes has the lacing that ends it', (size) => {
  const lacing = lacingOf(size);
  expect(lacing.reduce((sum, value) => sum + value, 0)).toBe(size);
  expect(lacing.slice(0, -1).every((value) => value === 255)).toBe(true);
  expect(lacing.at(-1)).toBeLessThan(255);
});

test.each([19, 255 * 254, 255 * 255 - 1, 255 * 255, 255 * 255 + 1, 200_000])(
  'a header of %i bytes goes on from page to page',
  (size) => {
    const packet = randomBytes(size, size);
    const pages = pagesOf(Buffer.concat(packetPages(packet, 0xfedcba98, 3)));
    expect(Buffer.concat(pages.flatMap(({ page }) => page.body)).equals(packet)).toBe(true);
    expect(pages.map(({ page }) => page.sequence)).toEqual(pages.map((_, index) => 3 + index));
    expect(pages.map(({ page }) => page.continues)).toEqual(pages.map((_, index) => index > 0));
    expect(pages.map(({ page }) => page.granule)).toEqual(
      pages.map((_, index) => (index + 1 < pages.length ? null : 0)),
    );
    expect(pages.at(-1)?.page.lacing.at(-1)).toBeLessThan(255);
  },
);

test('only the very first page begins a stream', () => {
  const pages = pagesOf(
    Buffer.concat(opusHeaderPages({ channels: 2, preSkip: 312, tags: { chapters: [] }, serial: 7 })),
  );
  expect(pages.map(({ page }) => [page.isFirst, page.isLast])).toEqual([
    [true, false],
    [false, false],
  ]);
});
