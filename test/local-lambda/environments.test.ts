import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { settled, tempFiles } from '../support/leaks.ts';
import { startFunction } from './start-function.ts';

/** Long enough that an environment on a busy machine gets to run in it. */
const SHUTDOWN_MS = 1_500;

test('an environment runs one request after the other and remembers', async () => {
  await using started = await startFunction('value');
  for (const calls of [1, 2, 3]) expect(await started.value({ do: 'echo' })).toMatchObject({ calls });
  expect(started.fn.stats()).toEqual({ environments: 1, coldStarts: 1, exits: 0, invocations: 3 });
});

test('requests at the same time get environments of their own, up to the limit, and are refused beyond it', async () => {
  await using started = await startFunction('value', { spec: { maxEnvironments: 2 } });
  const slow = [started.value({ do: 'sleep', ms: 1_000 }), started.value({ do: 'sleep', ms: 1_000 })];
  await settled(
    () => started.fn.stats().environments,
    (count) => count === 2,
  );
  const asked = performance.now();
  expect((await started.failure({ do: 'echo' })).errorType).toBe('TooManyRequestsException');
  expect(performance.now() - asked).toBeLessThan(300);
  expect(await Promise.all(slow)).toEqual(['slept', 'slept']);
  expect(await started.value({ do: 'echo' })).toMatchObject({ calls: 2 });
  expect(started.fn.stats()).toEqual({ environments: 2, coldStarts: 2, exits: 0, invocations: 3 });
});

test('one request after another is never refused, although one environment is all there may be', async () => {
  await using started = await startFunction('stream');
  for (let call = 0; call < 30; call += 1) await started.call({ do: 'count', chunks: 1 });
  expect(started.fn.stats()).toMatchObject({ coldStarts: 1, invocations: 30 });
});

test('the function sees the variables of AWS and its own, and none of this process', async () => {
  process.env['OF_THE_PARENT'] = 'secret';
  try {
    await using started = await startFunction('value', {
      spec: { environment: { BATON_STORE: '/somewhere', TZ: 'Europe/Berlin', _HANDLER: 'evil.handler' } },
    });
    const variables = (await started.value({ do: 'environment' })) as Record<string, string>;
    expect(variables).toMatchObject({
      AWS_LAMBDA_FUNCTION_NAME: 'behaviours',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/behaviours',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'local-lambda',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      LAMBDA_TASK_ROOT: join(import.meta.dirname, 'fixtures'),
      LANG: 'en_US.UTF-8',
      BATON_STORE: '/somewhere',
      TZ: 'Europe/Berlin',
      _HANDLER: 'behaviours.value',
    });
    expect(variables['AWS_LAMBDA_LOG_STREAM_NAME']).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    expect(Object.keys(variables)).not.toContain('OF_THE_PARENT');
    expect(Object.keys(variables)).not.toContain('HOME');
  } finally {
    delete process.env['OF_THE_PARENT'];
  }
});

test('credentials of the function are left alone, with no session token beside them', async () => {
  const environment = { AWS_ACCESS_KEY_ID: 'mine', AWS_SECRET_ACCESS_KEY: 'hidden', AWS_REGION: 'eu-central-1' };
  await using started = await startFunction('value', { spec: { environment } });
  const variables = (await started.value({ do: 'environment' })) as Record<string, string>;
  expect(variables).toMatchObject({ ...environment, AWS_DEFAULT_REGION: 'eu-central-1' });
  expect(variables).not.toHaveProperty('AWS_SESSION_TOKEN');
});

test('a function may open 1,024 files', async () => {
  await using started = await startFunction('value');
  expect(await started.value({ do: 'limits' })).toBe('1024');
});

test('each environment has a temporary folder of its own, gone when it ends', async () => {
  const started = await startFunction('value');
  const folder = (await started.value({ do: 'temporary' })) as string;
  expect(existsSync(join(folder, 'note'))).toBe(true);
  await started.fn.stop();
  expect(existsSync(folder)).toBe(false);
});

test('an idle environment ends after its time', async () => {
  await using started = await startFunction('value', { limits: { idleMs: 150 } });
  await started.value({ do: 'echo' });
  const count = (): number => started.fn.stats().environments;
  expect(await settled(count, (value) => value === 0)).toBe(0);
  expect(await started.value({ do: 'echo' })).toMatchObject({ calls: 1 });
  expect(started.fn.stats()).toMatchObject({ coldStarts: 2, exits: 0 });
});

test('after a refresh running work finishes and new work gets a fresh environment', async () => {
  await using started = await startFunction('value', { spec: { maxEnvironments: 2 } });
  /** How often the environment was called that served this; it is idle then. */
  const calls = async (): Promise<number> => {
    const { invocation, text } = await started.call({ do: 'echo' });
    await invocation.logTail();
    return (JSON.parse(text) as { calls: number }).calls;
  };
  expect(await calls()).toBe(1);
  const running = started.value({ do: 'sleep', ms: 400 });
  const invocations = (): number => started.fn.stats().invocations;
  expect(await settled(invocations, (value) => value === 2)).toBe(2);
  started.fn.refresh();
  expect(await calls()).toBe(1);
  expect(await running).toBe('slept');
  const count = (): number => started.fn.stats().environments;
  expect(await settled(count, (value) => value === 1)).toBe(1);
  expect(await calls()).toBe(2);
  started.fn.refresh();
  expect(await calls()).toBe(1);
});

test('an environment is told before it ends, frozen or not, and killed when it does not listen', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'told-'));
  try {
    for (const stubborn of [false, true]) {
      const file = join(folder, String(stubborn));
      const shutdownMs = stubborn ? SHUTDOWN_MS : 20_000; // of which one that listens takes no more than it needs
      const started = await startFunction('value', { limits: { shutdownMs } });
      const pid = (await started.value({ do: 'onTerm', file, stubborn })) as number;
      const begun = performance.now();
      await started.fn.stop();
      const took = performance.now() - begun;
      expect(await readFile(file, 'utf8')).toBe('told');
      expect(existsSync(`/proc/${pid}`)).toBe(false);
      if (stubborn) expect(took).toBeGreaterThan(SHUTDOWN_MS - 10);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('stopping in the middle of everything leaves nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stopping-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  vi.stubEnv('TMPDIR', folder); // other tests run at the same time
  onTestFinished(() => void vi.unstubAllEnvs());
  const held = (): string[] => process.getActiveResourcesInfo().filter((name) => /^(TCP|Process)/.test(name));
  const before = held();
  const started = await startFunction('value', { spec: { maxEnvironments: 3 } });
  const { invocation } = await started.call({ do: 'echo' });
  await invocation.logTail();
  const running = started.failure({ do: 'sleep', ms: 60_000 });
  const starting = started.failure({ do: 'sleep', ms: 60_000 });
  await settled(
    () => started.fn.stats().environments,
    (count) => count === 2,
  );
  expect(await tempFiles('', folder)).toHaveLength(2);
  await started.fn.stop();
  expect((await running).errorType).toBe('Runtime.ExitError');
  expect((await starting).errorType).toBe('Runtime.ExitError');
  expect(started.fn.stats()).toEqual({ environments: 0, coldStarts: 2, exits: 0, invocations: 3 });
  expect(await tempFiles('', folder)).toEqual([]);
  expect(await settled(held, (now) => now.length === before.length)).toEqual(before);
  expect((await started.failure({ do: 'echo' })).errorType).toBe('ServiceException');
});
