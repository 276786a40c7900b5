import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startEnvironment } from '../../src/local-lambda/runtime/environment.ts';
import type { FunctionSpec } from '../../src/local-lambda/runtime/function-spec.ts';
import { localFunction } from '../../src/local-lambda/runtime/function.ts';
import { installRuntime } from '../../src/local-lambda/runtime/install-runtime.ts';
import { invocationLog } from '../../src/local-lambda/runtime/invocation-log.ts';
import { environmentPool } from '../../src/local-lambda/runtime/pool.ts';
import { openResponse } from '../../src/local-lambda/runtime/response.ts';
import { runInvocation } from '../../src/local-lambda/runtime/run-invocation.ts';
import { AWS_LIMITS } from '../../src/local-lambda/runtime/runtime-limits.ts';
import { settled } from '../support/leaks.ts';
import { failureOf, readAll, startFunction } from './start-function.ts';

const runtime = await installRuntime(() => undefined);
const spec: FunctionSpec = {
  ...{ name: 'behaviours', taskRoot: join(import.meta.dirname, 'fixtures'), handler: 'behaviours.value' },
  ...{ memoryMb: 512, timeoutSeconds: 10, environment: {}, maxEnvironments: 1 },
};
const event = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const broken = (): never => {
  throw new Error('the disk of the log is full');
};

test('a log that throws becomes one warning, and changes nothing else', async () => {
  const warned = once(process, 'warning') as Promise<[Error]>;
  const fn = localFunction(spec, { runtime, log: broken });
  try {
    const invocation = await fn.invoke(event({ do: 'log', lines: ['one', 'two'] }), { streaming: false });
    expect((await readAll(invocation.body)).toString()).toBe('null');
    expect(await invocation.logTail()).toMatch(/one\n[^]*two\n[^]*REPORT/);
    expect((await failureOf(fn.invoke(event({ do: 'throwEarly' }), { streaming: false }))).errorType).toBe(
      'SourceDenied',
    );
    expect(fn.stats()).toMatchObject({ environments: 1, coldStarts: 1, exits: 0 });
    expect((await warned)[0].message).toBe('The log of the local Lambda threw: Error: the disk of the log is full');
  } finally {
    await fn.stop();
  }
});

test('whatever breaks the work on an invocation fails its response and ends its environment', async () => {
  const deps = { runtime, initMs: 10_000, shutdownMs: 500, output: () => undefined };
  const pool = environmentPool({ max: 1, initMs: 10_000, idleMs: 10_000, start: () => startEnvironment(spec, deps) });
  try {
    const acquired = await pool.acquire();
    if (acquired === null) throw new Error('no environment');
    const log = invocationLog('behaviours', 'id', broken);
    const response = openResponse(false, AWS_LIMITS);
    const begun = failureOf(response.begun);
    await runInvocation(
      { spec, pool, log, response, event: event({ do: 'echo' }), clientContext: undefined, platform: () => undefined },
      acquired.environment,
      true,
    );
    expect(await begun).toMatchObject({
      errorType: 'Sandbox.Failure',
      message: 'RequestId: id Error: the disk of the log is full',
    });
    expect(
      await settled(
        () => pool.counts().environments,
        (count) => count === 0,
      ),
    ).toBe(0);
    expect((await pool.acquire())?.isFresh).toBe(true);
  } finally {
    await pool.stop();
  }
});

test('an environment ends although its folder cannot be removed', async () => {
  const started = await startFunction('value');
  const folder = (await started.value({ do: 'deepFolder' })) as string;
  try {
    await started.fn.stop();
    expect(existsSync(folder)).toBe(true); // else this test shows nothing
    expect(started.fn.stats()).toMatchObject({ environments: 0 });
  } finally {
    await promisify(execFile)('rm', ['-rf', folder]);
  }
});
