import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Which rooms a room may import from, besides itself. `src` stands for config, errors and units. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  src: [],
  'src/grid': ['src'],
  'src/hls': ['src'],
  'src/media': ['src'],
  'src/store': ['src'],
  'src/net': ['src'],
  'src/sign': ['src'],
  'src/meter': ['src'],
  'src/ffmpeg': ['src'],
  'src/source': ['src', 'src/hls', 'src/media', 'src/net', 'src/store'],
  'src/encode': ['src', 'src/source', 'src/grid', 'src/media', 'src/ffmpeg', 'src/store'],
  'src/video': ['src', 'src/encode', 'src/source', 'src/grid', 'src/media', 'src/ffmpeg', 'src/store'],
  'src/intake': ['src', 'src/source', 'src/hls', 'src/media', 'src/net'],
  'src/live': [
    'src',
    'src/intake',
    'src/encode',
    'src/source',
    'src/grid',
    'src/media',
    'src/ffmpeg',
    'src/net',
    'src/store',
    'src/video',
  ],
  'src/ingest': ['src', 'src/live', 'src/intake', 'src/media', 'src/net', 'src/sign', 'src/store'],
  'src/lambda': ['src', 'src/relay', 'src/ffmpeg', 'src/meter', 'src/sign', 'src/store'],
  'src/gateway': ['src', 'src/ingest', 'src/lambda', 'src/live', 'src/sign', 'src/store'],
  'src/edge': [],
  'src/key-sync': ['src', 'src/sign'],
  'src/verify': ['src', 'src/sign', 'src/net'],
  'src/local-lambda': [
    ...['src/local-lambda/runtime', 'src/local-lambda/http', 'src/local-lambda/cloudfront'],
    'src/local-lambda/websocket',
  ],
  'src/local-lambda/runtime': [],
  'src/local-lambda/http': ['src/local-lambda/runtime'],
  'src/local-lambda/cloudfront': ['src/local-lambda/runtime', 'src/local-lambda/http'],
  'src/local-lambda/websocket': ['src/local-lambda/runtime', 'src/local-lambda/http'],
  'src/package': ['src', 'src/ffmpeg', 'src/local'],
  'src/relay': [
    ...[
      'src',
      'src/ingest',
      'src/live',
      'src/intake',
      'src/encode',
      'src/source',
      'src/grid',
      'src/hls',
      'src/video',
      'src/media',
      'src/net',
      'src/sign',
      'src/meter',
    ],
    'src/store',
    'src/ffmpeg', // only to put the parts together
  ],
  handlers: ['src', 'src/gateway', 'src/ingest', 'src/relay', 'src/lambda', 'src/key-sync'],
  'src/local': [
    'src',
    'handlers',
    'src/ingest',
    'src/relay',
    'src/sign',
    'src/store',
    'src/ffmpeg',
    'src/hls',
    'src/grid',
    'src/media',
    'src/net',
    'src/meter',
  ],
  'src/cli': [
    'src',
    'src/local',
    'src/local-lambda',
    'src/local-lambda/runtime',
    'src/package',
    'src/relay',
    'src/verify',
    'src/source',
    'src/sign',
    'src/meter',
    'src/ffmpeg',
    'src/net',
    'src/store',
    'src/grid',
  ],
  'src/cli.ts': ['src', 'src/cli'],
  player: ['player/core', 'player/element', 'player/studio'], // the entries stand in `player`
  'player/element': ['player', 'player/core', 'player/i18n'],
  'player/studio': ['player', 'player/element', 'player/studio/words'],
  'player/studio/words': [],
  'player/i18n': [],
  'player/core': [],
  'player/demo': ['player', 'player/core'],
};

/** Rooms without I/O, clock, randomness or environment. */
const PURE = ['src/grid', 'src/hls', 'src/media', 'src/meter'];

const files = ['src', 'handlers', 'player'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

const roomOf = (file: string): string => (file === 'src/cli.ts' ? file : dirname(file));

const importsOf = (file: string): { specifier: string; target: string | null; isType: boolean }[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/^(?:import|export)\s(type\s)?[^;]*?from\s'([^']+)';/gms)].map(
    ([, type, specifier = '']) => ({
      specifier,
      isType: type !== undefined,
      target: specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : null,
    }),
  );

test('imports run downwards only', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => target !== null && roomOf(target) !== roomOf(file))
      .filter(({ target }) => !(MAY_IMPORT[roomOf(file)] ?? []).includes(roomOf(target ?? '')))
      .map(({ target }) => `${file} -> ${target ?? ''}`),
  );
  expect(files.length).toBeGreaterThan(40);
  expect(wrong).toEqual([]);
});

test('no file imports itself through others', () => {
  const graph = new Map(
    files.map((file) => [
      file,
      importsOf(file).flatMap(({ target, isType }) => (target === null || isType ? [] : [target])),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

test('grid, hls and media are pure', () => {
  const impure = files
    .filter((file) => PURE.includes(roomOf(file)))
    .filter((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return (
        importsOf(file).some(({ specifier }) => specifier.startsWith('node:')) ||
        /\b(?:Date\.now|Math\.random|process\.|performance\.|fetch\()/.test(text)
      );
    });
  expect(impure).toEqual([]);
});

test('only config.ts reads the environment', () => {
  const readers = files.filter(
    (file) => !file.startsWith('player') && readFileSync(join(root, file), 'utf8').includes('process.env'),
  );
  expect(
    readers.filter(
      (file) =>
        ![
          'src/config.ts',
          'src/cli.ts',
          'src/lambda/setup.ts',
          'src/local-lambda/runtime/install-runtime.ts',
          'handlers/keys.ts',
        ].includes(file) && !file.startsWith('src/cli/'),
    ),
  ).toEqual([]);
});

test('there are no buckets and no barrels', () => {
  const names = files.filter((file) => /(^|\/)(utils?|common|helpers?|misc|types|index)(\.ts|\/)/.test(file));
  expect(names).toEqual([]);
});

test('every variable of the configuration stands in the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const config = readFileSync(join(root, 'src/config.ts'), 'utf8');
  const variables = [...config.matchAll(/^ {2}([A-Z_]{4,}): '/gm)].map((match) => match[1] ?? '');
  expect(variables.length).toBeGreaterThan(8);
  expect(variables.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
