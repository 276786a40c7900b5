import { expect, test } from 'vitest';
import { platformLines, startFunction } from './start-function.ts';

test('a function that cannot be loaded fails its invocations with the error of the loading, tried twice', async () => {
  await using started = await startFunction('value', { spec: { handler: 'broken.value' } });
  const error = await started.failure({ do: 'echo' });
  expect(error).toMatchObject({ errorType: 'ConfigurationError', message: 'no such database' });
  expect(await error.logTail()).toContain('no such database');
  const reports = platformLines(started, 'INIT_REPORT');
  expect(reports.map((line) => line.replace(/[\d.]+ ms/, '_ ms'))).toEqual([
    'INIT_REPORT Init Duration: _ ms\tPhase: init\tStatus: error\tError Type: ConfigurationError',
    'INIT_REPORT Init Duration: _ ms\tPhase: invoke\tStatus: error\tError Type: ConfigurationError',
  ]);
  expect(started.fn.stats()).toEqual({ environments: 0, coldStarts: 2, exits: 2, invocations: 1 });
  expect((await started.failure({ do: 'echo' })).errorType).toBe('ConfigurationError');
});

test('a handler that is not there has the runtime name it', async () => {
  await using started = await startFunction('value', { spec: { handler: 'behaviours.nothing' } });
  expect((await started.failure({ do: 'echo' })).errorType).toBe('Runtime.HandlerNotFound');
});

test('a function that exits while it is loaded is an ExitError', async () => {
  await using started = await startFunction('value', { spec: { handler: 'exiting-start.value' } });
  const error = await started.failure({ do: 'echo' });
  expect(error.errorType).toBe('Runtime.ExitError');
  expect(error.message).toContain('exit status 3');
});

test('a slow initialisation is tried again within the invocation, with the time of the function', async () => {
  await using started = await startFunction('value', {
    spec: { handler: 'slow-start.value', environment: { SLOW_START_MS: '500' }, timeoutSeconds: 5 },
    limits: { initMs: 300 },
  });
  const { invocation, text } = await started.call({ do: 'anything' });
  expect(text).toBe('"loaded"');
  await invocation.logTail();
  expect(platformLines(started, 'INIT_REPORT')).toEqual([
    expect.stringMatching(/^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: timeout$/),
  ]);
  const report = platformLines(started, 'REPORT')[0] ?? '';
  expect(report).not.toContain('Init Duration');
  expect(Number(/\tDuration: ([\d.]+)/.exec(report)?.[1])).toBeGreaterThan(500);
  expect(started.fn.stats()).toEqual({ environments: 1, coldStarts: 2, exits: 1, invocations: 1 });
});

test('an initialisation that does not even end within the time of the function is a timeout', async () => {
  await using started = await startFunction('value', {
    spec: { handler: 'slow-start.value', environment: { SLOW_START_MS: '60000' }, timeoutSeconds: 0.5 },
    limits: { initMs: 100 },
  });
  const error = await started.failure({ do: 'anything' });
  expect(error.errorType).toBe('Sandbox.Timedout');
  expect(error.message).toContain('Task timed out after 0.50 seconds');
  expect(started.fn.stats()).toMatchObject({ environments: 0, coldStarts: 2, exits: 2 });
});

test('a folder that is not there says so', async () => {
  await using started = await startFunction('value', { spec: { taskRoot: '/nowhere' } });
  const error = await started.failure({ do: 'echo' });
  expect(error.errorType).toBe('Runtime.ExitError');
  expect(error.message).toContain('could not be started');
});
