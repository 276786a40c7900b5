import { defineConfig } from 'vitest/config';

/** The tests of what HTTP clients see of a file: the same in every runtime. */
const HTTP = ['test/relay/http.test.ts', 'test/relay/conditional.test.ts', 'test/relay/exact-ranges.test.ts'];

const onLambda = (door: string) => ({
  extends: true as const,
  test: { name: door, include: HTTP, env: { BATON_TEST_RUNTIME: door } },
});

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
    globalSetup: './test/support/package.ts',
    projects: [
      { extends: true, test: { name: 'server', include: ['test/**/*.test.ts'] } },
      onLambda('function-url'),
      onLambda('buffered-url'),
      onLambda('cloudfront'),
    ],
  },
});
