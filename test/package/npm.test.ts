import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildNpm } from '../../src/package/npm.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
let folder = '';

/** A project that has the package among its modules, and finds what that depends on further up. */
beforeAll(async () => {
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
  folder = await mkdtemp(join(root, 'node_modules/.cache/npm-'));
  const installed = join(folder, 'node_modules/baton');
  await buildNpm(join(installed, 'dist/npm'));
  await cp(join(root, 'package.json'), join(installed, 'package.json'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function script(name: string, code: string): Promise<string> {
  await writeFile(join(folder, name), code);
  return (await run(process.execPath, [name], { cwd: folder })).stdout;
}

test('every export is there, as JavaScript and as types', async () => {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string; default: string }>;
  };
  const files = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [target] : [target.types, target.default],
  );
  for (const file of files)
    expect((await readFile(join(folder, 'node_modules/baton', file))).length, file).toBeGreaterThan(0);
});

test('the player can be imported where there is no page, and does nothing there', async () => {
  const said = await script(
    'player.mjs',
    `const before = Object.keys(globalThis).join();
    const { BatonPlayer, defineBatonPlayer } = await import('baton/player');
    await import('baton/player/define'); await import('baton/player/core'); await import('baton/player/frame');
    await import('baton/studio/define'); await import('baton/studio');
    defineBatonPlayer();
    console.log(typeof BatonPlayer, Object.keys(globalThis).join() === before);`,
  );
  expect(said).toBe('function true\n');
});

test('signs links, and a mounted server answers them', async () => {
  const said = await script(
    'server.mjs',
    `import { createSigner } from 'baton/sign';
    import { mountBaton } from 'baton/server';
    const keys = 'k1:${Buffer.alloc(32, 7).toString('base64url')}';
    const baton = await mountBaton({ settings: { BATON_DATA: './data', BATON_KEYS: keys } });
    const signer = createSigner({ keys, origin: 'http://a.test' });
    const url = signer.link({ source: 'http://127.0.0.1:1/a.mp3', options: 'codec.mp3~bitrate.96k', title: 'A' });
    const refused = await baton.fetch(new Request(url));
    const scripts = await Promise.all(
      ['baton-player', 'frame', 'i18n/de'].map((name) => baton.fetch(new Request('http://a.test/player/' + name + '.js'))));
    console.log(refused.status, (await refused.json()).code);
    for (const script of scripts) console.log(script.status, script.headers.get('content-type'));
    await baton.close();`,
  );
  expect(said).toBe(`403 SOURCE_REFUSED\n${'200 text/javascript; charset=utf-8\n'.repeat(3)}`);
});

test('its types satisfy a strict consumer', async () => {
  await writeFile(
    join(folder, 'consumer.ts'),
    `import { createSigner, type Signer } from 'baton/sign';
    import { mountBaton } from 'baton/server';
    import { defineBatonPlayer, type BatonPlayer } from 'baton/player';
    import 'baton/player/define';
    const signer: Signer = createSigner({ keys: 'k', origin: 'https://a.test' });
    const link: string = signer.link({ source: 's', options: 'o', title: 't' });
    defineBatonPlayer();
    const player: BatonPlayer = document.createElement('baton-player');
    player.src = link;
    // @ts-expect-error no such option
    signer.link({ source: 's', options: 'o', title: 't', expires: 1 });
    const { node, close } = await mountBaton({ basePath: '/media' });
    console.log(node.length, close.length, player.currentTime.toFixed());`,
  );
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: ['node'] },
    lib: ['es2024', 'dom', 'dom.iterable', 'esnext.disposable'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  const compiled = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], {
    cwd: folder,
  });
  const said = await compiled.then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { stdout: string }).stdout,
  );
  expect(said).toBe('');
});
