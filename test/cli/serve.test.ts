import { readdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { UsageRecord } from '../../src/meter/usage.ts';
import { get } from '../support/client.ts';
import { inFolder } from '../support/ffmpeg.ts';
import { settled } from '../support/leaks.ts';
import { startOrigin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { runBaton, serveBaton } from './run-baton.ts';

describe('baton serve', () => {
  it('plays what `baton link` prints, and writes usage to stdout and all else to stderr', () =>
    inFolder(async (data) => {
      const fixture = await source('cbr.mp3');
      await using origin = await startOrigin(fixture.bytes);
      const url = origin.url('/a.mp3');
      await using server = await serveBaton(data, [], { BATON_ALLOW_ORIGINS: origin.origin });
      expect(server.said.stderr).toContain(`running at ${server.origin}/`);
      const { stdout, stderr } = await runBaton(['link', url, '--bitrate', '64k', '--data', data]);
      expect(stderr).toBe('');
      expect(stdout.startsWith(server.origin)).toBe(true);
      const { status, complete } = await get(stdout.trim(), { range: '0-9999' });
      expect({ status, complete }).toEqual({ status: 206, complete: true });
      const line = await settled(
        () => server.said.stdout,
        (text) => text.endsWith('\n'),
      );
      const record = JSON.parse(line) as UsageRecord;
      expect(record).toMatchObject({ kind: 'file', status: 206, bytes: 10_000, outcome: 'whole' });

      const probed = await runBaton(['probe', url, '--json', '--data', data], {
        BATON_ALLOW_ORIGINS: origin.origin,
      });
      expect(JSON.parse(probed.stdout)).toMatchObject({
        ...{ container: 'mp3', samples: fixture.expectedSamples, bitrate: { mode: 'CBR' }, index: 'not needed' },
        ...{ size: fixture.bytes.length, ranges: true },
      });
      const text = await runBaton(['probe', url, '--data', data], { BATON_ALLOW_ORIGINS: origin.origin });
      expect(text.stdout).toMatch(/^Format +mp3, \d+ Hz, \w+, CBR, \d+ kbit\/s$/m);

      expect(await server.stop()).toBe(0);
      expect(await readdir(data)).not.toContain('server.json');
    }));

  it('says nothing with --quiet, and stops at once at a second signal', () =>
    inFolder(async (data) => {
      await using origin = await startOrigin((await source('cbr.mp3')).bytes);
      const env = { BATON_ALLOW_ORIGINS: origin.origin, BATON_SHUTDOWN_SECONDS: '60' };
      await using server = await serveBaton(data, ['--quiet'], env);
      const { stdout } = await runBaton(['link', origin.url('/a.mp3'), '--bitrate', '64k', '--data', data]);
      await get(stdout.trim(), { method: 'HEAD' });
      origin.behaviour = { bytesPerSecond: 2000 }; // the response under way lasts longer than the test
      const playing = get(stdout.trim());
      await settled(
        () => origin.seen.at(-1)?.state === 'open',
        (isSlow) => isSlow,
      );
      server.child.kill('SIGTERM');
      const isOpen = (): Promise<boolean> =>
        get(`${server.origin}/healthz`).then(
          () => true,
          () => false,
        );
      expect(await settled(isOpen, (open) => !open)).toBe(false);
      await sleep(600);
      expect(server.child.exitCode).toBe(null);
      expect(await server.stop()).toBe(143);
      expect(server.said.stderr).toBe('');
      expect(
        await playing.then(
          ({ complete }) => complete,
          () => false,
        ),
      ).toBe(false);
    }));

  it('says which port is in use', () =>
    inFolder(async (data) => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const port = String((taken.address() as AddressInfo).port);
      const { code, stderr } = await runBaton(['serve', '--port', port, '--data', data]);
      taken.close();
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`port ${port} is in use.*\\(CONFIG_INVALID\\)`));
      expect(stderr).not.toMatch(/^\s+at /m);
    }));
});

describe('baton probe', () => {
  it('says why a source cannot be read, with exit code 1', () =>
    inFolder(async (data) => {
      await using origin = await startOrigin(Buffer.from('<!doctype html><title>Not audio</title>'));
      const url = origin.url('/a.mp3');
      const allowed = { BATON_ALLOW_ORIGINS: origin.origin };
      const [refused, page, wrong] = await Promise.all([
        runBaton(['probe', url, '--data', data]),
        runBaton(['probe', url, '--data', data], allowed),
        runBaton(['probe', 'nonsense', '--data', data]),
      ]);
      expect(refused).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('SOURCE_REFUSED') as string,
      });
      expect(page).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('SOURCE_NOT_MEDIA') as string,
      });
      expect(wrong).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('SOURCE_URL_INVALID') as string,
      });
    }));
});
