import { defineConfig } from 'vitest/config';

/** The tests of what HTTP clients see of a file: the same in every runtime. */
const HTTP = ['test/relay/http.test.ts', 'test/relay/framed-http.test.ts'];
/** CloudFront asks the functions at both of the other doors, which take these by themselves in the long form alone. */
const LONG = ['test/relay/conditional.test.ts', 'test/relay/exact-ranges.test.ts'];

/** Who listens in real time wants cores that are idle for most of it: these are run when all others are over. */
const LIVE = ['test/live/**/*.test.ts'];
/** What a browser plays is measured as it plays. */
const PLAYER = ['test/player/**/*.test.ts'];
/** Films, HLS and studios keep a core busy by themselves: two at a time, when the others are over. */
const PICTURES = ['demo-video', 'film-legs', 'hls*', 'picture', 'playlist', 'playlist-with-baton', 'studio'].map(
  (name) => `test/player/${name}.test.ts`,
);

const isFull = process.env['BATON_FULL'] === '1';
const onLambda = (door: string) => ({
  extends: true as const,
  test: {
    name: door,
    include: isFull || door === 'cloudfront' ? [...HTTP, ...LONG] : HTTP,
    env: { BATON_TEST_RUNTIME: door },
  },
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
      { extends: true, test: { name: 'server', include: ['test/**/*.test.ts'], exclude: [...LIVE, ...PLAYER] } },
      { extends: true, test: { name: 'live', include: LIVE, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'player', include: PLAYER, exclude: PICTURES, sequence: { groupOrder: 2 } } },
      { extends: true, test: { name: 'pictures', include: PICTURES, maxWorkers: 2, sequence: { groupOrder: 3 } } },
      onLambda('function-url'),
      onLambda('buffered-url'),
      onLambda('cloudfront'),
    ],
  },
});
