import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { computeEngineId } from '../../src/ffmpeg/engine.ts';
import { readElf } from '../../src/package/elf.ts';
import { bundlePlayer } from '../../src/local/player-bundle.ts';
import { initTime } from '../../src/package/init-time.ts';
import { cloud, SECRET, STORE_ARN } from '../key-sync/stand-ins.ts';
import { FFMPEG } from '../support/ffmpeg.ts';
import type { Service } from './packaged.ts';
import { readZip, type ZipEntry } from './zip.ts';

const MB = 1_000_000;

/** What is in the zip that AWS unpacks. */
export function artefactTests(service: () => Service): void {
  let zip: ReadonlyMap<string, ZipEntry>;
  beforeAll(async () => {
    zip = await readZip(join(service().folder, '.serverless/baton.zip'));
  });

  test('the zip can be uploaded as it is, and holds what a function needs and nothing else', async () => {
    const { size } = await import('node:fs/promises').then(({ stat }) =>
      stat(join(service().folder, '.serverless/baton.zip')),
    );
    expect(size).toBeLessThan(50 * MB);
    const scripts = [...(await bundlePlayer()).keys()].filter((path) => !path.startsWith('/player/demo'));
    const names = [...zip.keys()].map((name) => name.replace(/parts\/.*\.mjs/, 'parts/*'));
    expect([...new Set(names)].sort()).toEqual(
      [
        ...[
          'embed.mjs',
          'engine.json',
          'feed.mjs',
          'ffmpeg',
          'file.mjs',
          'hls.mjs',
          'ingest.mjs',
          'keys.mjs',
          'live.mjs',
          'parts/*',
          'raw.mjs',
        ],
        ...scripts.map((path) => path.slice(1)),
      ]
        .map((name) => `dist/lambda/${name}`)
        .sort(),
    );
  });

  test('ffmpeg may be executed and everything may be read, by everybody', () => {
    for (const [name, { mode }] of zip)
      expect([name, mode.toString(8)]).toEqual([name, name.endsWith('/ffmpeg') ? '755' : '644']);
  });

  test('ffmpeg is the one of this machine, byte for byte, and its record says so', async () => {
    const packed = zip.get('dist/lambda/ffmpeg')?.bytes() ?? Buffer.alloc(0);
    const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(sha(packed)).toBe(sha(await readFile(FFMPEG)));
    const machine = { x64: 'x86-64', arm64: 'aarch64' }[process.arch as 'x64'];
    expect(readElf(packed)).toEqual({ bits: 64, machine, isStatic: true });
    expect(JSON.parse(zip.get('dist/lambda/engine.json')?.bytes().toString() ?? '')).toEqual({
      arch: process.arch,
      id: await computeEngineId(FFMPEG, process.arch),
      file: 'ffmpeg',
      elfMachine: machine,
      version: expect.stringMatching(/^N-\d+/) as string,
      canary: true,
    });
  });

  test('nothing is loaded at start that a function does without', () => {
    const { bundles } = service().built;
    const names = (list: 'start' | 'later') =>
      Object.fromEntries(bundles.map((bundle) => [bundle.name, bundle[list].map(([name]) => name)]));
    for (const name of ['file', 'live', 'feed', 'raw', 'embed']) {
      expect(names('start')[name]).toContain('undici');
      expect(names('start')[name]?.filter((owner) => /@aws-sdk|@smithy|mediabunny/.test(owner))).toEqual([]);
      expect(names('later')[name]).toContain('@aws-sdk/client-s3');
    }
    const all = Object.values({ ...names('start') })
      .concat(Object.values(names('later')))
      .flat();
    expect(
      all.filter((owner) => /^(esbuild|commander|@ffmpeg-installer.*|src\/(local|cli|package|edge))$/.test(owner)),
    ).toEqual([]);
  });

  test('every function starts', async () => {
    for (const name of ['file', 'live', 'feed', 'raw', 'embed', 'ingest', 'keys'])
      expect(await initTime(join(service().built.folder, `${name}.mjs`))).toBeGreaterThan(0);
  });

  test('the bundled keys function signs for all regions and does its work', async () => {
    await using aws = await cloud();
    const script = `
      import dns from 'node:dns';
      import { syncBuiltinESMExports } from 'node:module';
      const lookup = dns.lookup;
      dns.lookup = (name, ...rest) => lookup(name.endsWith('localhost') ? '127.0.0.1' : name, ...rest);
      syncBuiltinESMExports();
      const { handler } = await import(process.argv[1]);
      const answer = await handler({ action: 'sync' }, { getRemainingTimeInMillis: () => 20_000 });
      process.stdout.write(JSON.stringify(answer), () => process.exit());`;
    const env = {
      BATON_KEYS_SECRET: SECRET,
      BATON_KEY_VALUE_STORE: STORE_ARN,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: aws.origin,
    };
    const file = pathToFileURL(join(service().built.folder, 'keys.mjs')).href;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, '--', file], {
      env,
    });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, accepted: [...aws.store.keys()] });
    expect(aws.store.size).toBe(1);
    expect(aws.seen.authorizations[aws.seen.calls.indexOf('UpdateKeys')]).toMatch(/^AWS4-ECDSA-P256-SHA256 /);
  });
}
