import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** The tests of what HTTP clients see of a file: the same in every runtime. */
const HTTP = ['test/relay/http.test.ts', 'test/relay/framed-http.test.ts'];
/** CloudFront asks the functions at both of the other doors, which take these by themselves in the long form alone. */
const LONG = ['test/relay/conditional.test.ts', 'test/relay/exact-ranges.test.ts'];

/** Who listens in real time wants cores that are idle for most of it: these are run when all others are over. */
const LIVE = ['test/live/**/*.test.ts'];
const inBrowser = (...names: readonly string[]): string[] => names.map((name) => `test/player/${name}.test.ts`);
/** What a browser plays is measured as it plays: two at a time, no page is laid out beside them, no film is decoded. */
const SOUND = inBrowser('baton-player', 'demo-radio', 'faults', 'framed*', 'listening', 'live*', 'with-baton');
/** Films, HLS and studios keep a core busy by themselves: two at a time, when the others are over. */
const PICTURES = inBrowser(
  'demo-video',
  'film*',
  'live-pictures',
  'hls*',
  'picture',
  'playlist*',
  'studio',
  'studio-camera',
);

const IN_BROWSER = {
  setupFiles: './test/support/behind-browser.ts',
  globalSetup: './test/support/shared-browser.ts',
};

const isFull = process.env['BATON_FULL'] === '1';
const onLambda = (door: string) => ({
  extends: true as const,
  test: {
    name: door,
    include: isFull || door === 'cloudfront' ? [...HTTP, ...LONG] : HTTP,
    env: { BATON_TEST_RUNTIME: door },
  },
});
/** Those that begin when the groups before are over. */
const inTurn = (name: string, groupOrder: number, test: TestProjectInlineConfiguration['test']) => ({
  extends: true as const,
  test: { ...test, name, sequence: { groupOrder } },
});

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000 } }, // a browser that shares its cores with other tests takes its time
    pool: 'forks',
    maxWorkers: 3,
    maxConcurrency: 2,
    reporters: ['default', './test/closing-line.ts'],
    globalSetup: './test/support/package.ts',
    setupFiles: './test/support/equal-bytes.ts',
    projects: [
      {
        extends: true,
        test: { name: 'server', include: ['test/**/*.test.ts'], exclude: [...LIVE, ...SOUND, ...PICTURES] },
      },
      inTurn('live', 1, { include: LIVE }),
      inTurn('player', 2, { include: SOUND, ...IN_BROWSER, maxWorkers: 2 }),
      inTurn('pictures', 3, { include: PICTURES, ...IN_BROWSER, maxWorkers: 2 }),
      onLambda('function-url'),
      onLambda('buffered-url'),
      onLambda('cloudfront'),
    ],
  },
});
