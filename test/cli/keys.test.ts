import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataFolder } from '../../src/local/data-folder.ts';
import { readLink } from '../../src/sign/link.ts';
import { inFolder } from '../support/ffmpeg.ts';
import { runBaton } from './run-baton.ts';

const SOURCE = 'https://example.com/a.mp3';
const linkPath = async (data: string): Promise<string> =>
  new URL((await runBaton(['link', SOURCE, '--data', data])).stdout.trim()).pathname;
const idsOf = async (data: string): Promise<string[]> =>
  (await runBaton(['keys', 'list', '--data', data])).stdout.split('\n').flatMap((line) => /^\w+/.exec(line)?.[0] ?? []);

describe('the signing key', () => {
  it('is one, whichever of several processes makes it', () =>
    inFolder(async (folder) => {
      const data = join(folder, 'new');
      const links = await Promise.all(Array.from({ length: 6 }, () => linkPath(data)));
      expect(new Set(links).size).toBe(1);
      expect((await readdir(data)).sort()).toEqual(['.gitignore', 'keys.json']);
    }));

  it('is for this user only', () =>
    inFolder(async (folder) => {
      const data = join(folder, 'new');
      await openDataFolder(data);
      expect((await stat(data)).mode & 0o777).toBe(0o700);
      expect((await stat(join(data, 'keys.json'))).mode & 0o777).toBe(0o600);
    }));

  it('is rotated: old links stay good until their key is removed', () =>
    inFolder(async (data) => {
      const now = Date.now() / 1000;
      const old = await linkPath(data);
      const added = await runBaton(['keys', 'add', '--data', data]);
      const fresh = await linkPath(data);
      const [signing, accepted] = await idsOf(data);
      expect(signing).toBe(added.stdout.trim());
      const both = await (await openDataFolder(data)).readKeys();
      expect(readLink(fresh, both, now).kid).toBe(signing);
      expect(readLink(old, both, now).kid).toBe(accepted);
      expect(await runBaton(['keys', 'remove', accepted ?? '', '--data', data])).toMatchObject({ code: 0 });
      const one = await (await openDataFolder(data)).readKeys();
      expect(readLink(fresh, one, now).kid).toBe(signing);
      expect(() => readLink(old, one, now)).toThrow(expect.objectContaining({ code: 'LINK_INVALID' }) as Error);
    }));

  it('is added once by each of several processes', () =>
    inFolder(async (data) => {
      await openDataFolder(data);
      const added = await Promise.all(Array.from({ length: 4 }, () => runBaton(['keys', 'add', '--data', data])));
      const ids = await idsOf(data);
      expect(ids).toHaveLength(5);
      for (const { stdout } of added) expect(ids).toContain(stdout.trim());
    }));

  it('is not removed when it is the only one, or unknown', () =>
    inFolder(async (data) => {
      const folder = await openDataFolder(data);
      const { current } = await folder.readKeys();
      const [only, unknown] = await Promise.all(
        [current, 'nobody'].map((id) => runBaton(['keys', 'remove', id, '--data', data])),
      );
      expect(only).toMatchObject({ code: 2, stderr: expect.stringContaining('only key') as string });
      expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no key nobody') as string });
      expect((await folder.readKeys()).current).toBe(current);
    }));

  it.each([
    ['not JSON', '{"keys": ["abc:SECRET'],
    ['no list', '{"keys": "abc:SECRET"}'],
    ['too short', '{"keys": ["abc:SECRET"]}'],
    ['empty', '{"keys": []}'],
  ])('that is broken (%s) is a sentence with the file in it and no secret', (_, text) =>
    inFolder(async (data) => {
      await writeFile(join(data, 'keys.json'), text);
      const { code, stdout, stderr } = await runBaton(['keys', 'list', '--data', data]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(join(data, 'keys.json'));
      expect(stderr).toContain('(CONFIG_INVALID)');
      expect(stderr).not.toContain('SECRET');
    }),
  );

  it('that cannot be read, or has no folder to be in, is a sentence', () =>
    inFolder(async (data) => {
      await mkdir(join(data, 'keys.json'));
      await writeFile(join(data, 'file'), '');
      for (const folder of [data, join(data, 'file')]) {
        const { code, stderr } = await runBaton(['keys', 'list', '--data', folder]);
        expect(code).toBe(1);
        expect(stderr).toMatch(/cannot be (read|made).*\(CONFIG_INVALID\)/);
      }
    }));
});
