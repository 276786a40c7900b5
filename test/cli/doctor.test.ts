import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkNode } from '../../src/cli/check-machine.ts';
import type { Finding } from '../../src/cli/finding.ts';
import { openDataFolder } from '../../src/local/data-folder.ts';
import { runBaton } from './run-baton.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-test-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function doctor(args: readonly string[] = [], env: Record<string, string> = {}) {
  const { code, stdout } = await runBaton(['doctor', '--json', ...args], { PORT: '0', ...env });
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  return { code, ok, of: (name: string) => findings.find((finding) => finding.name === name), findings };
}

describe('baton doctor', () => {
  it('finds this machine fit, warns of the old ffmpeg, and makes nothing', async () => {
    const data = join(folder, 'absent');
    const { code, ok, of, findings } = await doctor(['--data', data]);
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(of('ffmpeg age')).toMatchObject({ state: 'warn', text: expect.stringContaining('2018') as string });
    expect(of('ffmpeg age')?.advice).toContain('FFMPEG_PATH');
    expect(of('engine')?.text).toMatch(/^[0-9a-f]{16} /);
    expect(findings.filter(({ state }) => state === 'fail')).toEqual([]);
    for (const { state, advice } of findings) if (state !== 'ok') expect(advice).toBeTruthy();
    expect(await readdir(folder)).toEqual([]);
  });

  it('says what is wrong in lines that start with the verdict, and ends with 1', async () => {
    const { code, stdout, stderr } = await runBaton(['doctor', '--data', folder], {
      PORT: '0',
      FFMPEG_PATH: '/nowhere',
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ok {4}Node /m);
    expect(stdout).toMatch(/^fail {2}ffmpeg .*\/nowhere/m);
    expect(stdout).toContain('Set FFMPEG_PATH');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('tells an ffmpeg that cannot encode MP3', async () => {
    const fake = join(folder, 'ffmpeg');
    await writeFile(fake, '#!/bin/sh\necho "ffmpeg version 9.9 Copyright (c) 2000-2026 the FFmpeg developers"\n');
    await chmod(fake, 0o755);
    const { code, of } = await doctor(['--data', folder], { FFMPEG_PATH: fake });
    expect(code).toBe(1);
    expect(of('ffmpeg age')).toMatchObject({ state: 'ok' });
    expect(of('codecs')).toMatchObject({ state: 'fail', text: expect.stringContaining('libmp3lame') as string });
    expect(of('engine')).toMatchObject({ state: 'fail' });
  });

  it('tells a port in use, a folder that is none, and keys that others may read', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { keysFile } = await openDataFolder(join(folder, 'open'));
    await chmod(keysFile, 0o644);
    const [busy, none] = await Promise.all([
      doctor(['--data', join(folder, 'open'), '--port', String(port)]),
      doctor(['--data', join(keysFile, 'none')]),
    ]);
    taken.close();
    expect(busy.code).toBe(1);
    expect(busy.of('port')).toMatchObject({ state: 'fail', advice: expect.stringContaining('--port') as string });
    expect(busy.of('keys')).toMatchObject({ state: 'warn', advice: `chmod 600 ${keysFile}` });
    expect(none.of('data folder')).toMatchObject({ state: 'fail' });
  });

  it('warns where a full house would run out of descriptors', async () => {
    const { of } = await doctor(['--data', folder], { BATON_MAX_REQUESTS: '100000' });
    expect(of('open files')).toMatchObject({ state: 'warn' });
  });

  it('knows the Node that is new enough', () => {
    expect(checkNode('20.20.2').state).toBe('fail');
    expect(checkNode('24.2.9').state).toBe('fail');
    expect(checkNode('24.3.0').state).toBe('ok');
    expect(checkNode('26.0.0').state).toBe('ok');
  });
});
