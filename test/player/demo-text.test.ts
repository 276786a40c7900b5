import { expect, test } from 'vitest';
import { sizeText, waitText } from '../../player/demo/number-text.ts';
import { parseServerTiming } from '../../player/demo/server-timing.ts';
import { snippets } from '../../player/demo/snippets.ts';

test('Server-Timing is read with durations, descriptions and quoted commas', () => {
  expect(parseServerTiming('probe;dur=12.5, encode;desc="2 chunks, \\"new\\"";dur=40,store , ;dur=1')).toEqual([
    { name: 'probe', durationMs: 12.5, description: '' },
    { name: 'encode', durationMs: 40, description: '2 chunks, "new"' },
    { name: 'store', durationMs: null, description: '' },
  ]);
  expect(parseServerTiming(null)).toEqual([]);
  expect(parseServerTiming('"')).toEqual([]);
});

test.each([
  [999, '999 B'],
  [1500, '1.5 kB'],
  [96_384, '96 kB'],
  [3_402_112, '3.40 MB'],
  [57_600_000, '57.6 MB'],
])('%i bytes are shown as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test.each([
  [8.44, '8.4 ms'],
  [120.4, '120 ms'],
  [1250, '1.25 s'],
])('a wait of %d ms is shown as %s', (ms, text) => {
  expect(waitText(ms)).toBe(text);
});

test('what is copied is safe in HTML and in a shell', () => {
  const [file, curl, tag, frame] = snippets({
    fileUrl: "http://localhost/file/a/it's.mp3",
    framedUrl: null,
    embedUrl: 'http://localhost/embed/a',
    scriptUrl: 'http://localhost/player/baton-player.js',
    title: 'Q&A: "x" <script>',
    artist: '',
  });
  expect(file?.text).toBe("http://localhost/file/a/it's.mp3");
  expect(curl?.text).toBe("curl -o 'it'\\''s.mp3' 'http://localhost/file/a/it'\\''s.mp3'");
  expect(tag?.text).toContain('title="Q&#38;A: &#34;x&#34; &#60;script&#62;"></baton-player>');
  expect(frame?.text).toContain('title="Q&#38;A: &#34;x&#34; &#60;script&#62;"');
});

test('the player is given the framed stream first, and the file for browsers that cannot take it', () => {
  const urls = {
    fileUrl: 'http://a/file.mp3',
    framedUrl: 'http://a/file.mp4',
    embedUrl: null,
    scriptUrl: 'http://a/p.js',
  };
  const tag = snippets({ ...urls, title: 'One', artist: 'Us' })[2]?.text;
  expect(tag).toContain(
    '<baton-player title="One" artist="Us">\n  <source src="http://a/file.mp4">\n  <source src="http://a/file.mp3">\n</baton-player>',
  );
});
