import { expect, test } from 'vitest';
import { slug } from '../../src/sign/name.ts';

test.each([
  ['Episode 12: The Grid', 'mp3', 'episode-12-the-grid.mp3'],
  ['  Ça déjà vu — «Œuvre» ', 'mp3', 'ca-deja-vu-oeuvre.mp3'],
  ['Größe & Übermut', 'mp4', 'grosse-ubermut.mp4'],
  ['Ærø, Łódź, Þór', 'mp3', 'aero-lodz-thor.mp3'],
  ["Don't stop", 'mp3', 'dont-stop.mp3'],
  ['../../etc/passwd', 'mp3', 'etc-passwd.mp3'],
  ['v1.5 ~ beta_2', 'mp3', 'v1-5-beta-2.mp3'],
  ['ep%20\r\nSet-Cookie: a=b\0', 'mp3', 'ep-20-set-cookie-a-b.mp3'],
  ['日本語のタイトル', 'mp3', 'untitled.mp3'],
  ['🎧', 'mp3', 'untitled.mp3'],
  ['', 'mp3', 'untitled.mp3'],
  ['...', '.mp3', 'untitled.mp3'],
  ['a', '', 'a'],
  ['', '', 'untitled'],
])('%j with extension %j is %s', (title, extension, name) => {
  expect(slug(title, extension)).toBe(name);
});

test('any title gives 1 to 80 unreserved characters, and the extension survives', () => {
  let seed = 12_345;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  for (let i = 0; i < 2_000; i++) {
    const title = String.fromCharCode(...Array.from({ length: random(300) }, () => random(0x10000)));
    expect(slug(title, 'mp3')).toMatch(/^[a-z0-9][a-z0-9-]{0,75}\.mp3$/);
  }
});

test('a cut title does not end in a hyphen', () => {
  expect(slug(`${'a'.repeat(75)} tail`, 'mp3')).toBe(`${'a'.repeat(75)}.mp3`);
});
