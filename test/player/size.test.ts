import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundlePlayer } from '../../src/local/player-bundle.ts';
import { PLAYER_ENTRIES } from '../../src/local/player-entries.ts';

test('the player stays small, and what it loads later shares nothing that would need a further script', async () => {
  const scripts = await bundlePlayer();
  const bytes = (name: string): number => gzipSync(scripts.get(`/player/${name}.js`) ?? '', { level: 9 }).length;
  expect(bytes('core')).toBeLessThan(10_000);
  expect(bytes('baton-player')).toBeLessThan(20_000);
  const known = PLAYER_ENTRIES.flatMap((entries) => Object.keys(entries)).map((name) => `/player/${name}.js`);
  expect([...scripts.keys()].sort()).toEqual([...new Set(known)].sort());
});
