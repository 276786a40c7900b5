import { randomUUID } from 'node:crypto';
import { startEnvironment } from './environment.ts';
import type { FunctionSpec } from './function-spec.ts';
import type { RuntimeBinary } from './install-runtime.ts';
import { InvocationError } from './invocation-error.ts';
import { checkedContext, checkedEvent } from './invocation-input.ts';
import { invocationLog } from './invocation-log.ts';
import type { Invocation, InvokeOptions } from './invocation.ts';
import { unfailing, type LogLine } from './log-line.ts';
import { environmentPool } from './pool.ts';
import { openResponse } from './response.ts';
import { runInvocation } from './run-invocation.ts';
import { AWS_LIMITS, type RuntimeLimits } from './runtime-limits.ts';

export interface FunctionStats {
  /** Environments alive now. */
  readonly environments: number;
  /** Environments ever started. */
  readonly coldStarts: number;
  /** Runtime processes that ended by themselves or were killed for a fault. */
  readonly exits: number;
  readonly invocations: number;
}

export interface LocalFunction {
  readonly spec: FunctionSpec;
  /** Runs one event. Throws InvocationError for everything that fails before a response begins. */
  invoke(event: Uint8Array, options: InvokeOptions): Promise<Invocation>;
  /** From now on only fresh environments take work (the code was rebuilt): running ones finish, idle ones are ended. */
  refresh(): void;
  stats(): FunctionStats;
  /** Ends every environment; afterwards no process, socket, timer or folder of this function is left. */
  stop(): Promise<void>;
}

export interface FunctionDeps {
  readonly runtime: RuntimeBinary;
  readonly limits?: Partial<RuntimeLimits>;
  readonly log: (line: LogLine) => void;
}

/** One function with its environments: each runs one invocation at a time, and no invocation waits for another. */
export function localFunction(spec: FunctionSpec, deps: FunctionDeps): LocalFunction {
  const limits: RuntimeLimits = { ...AWS_LIMITS, ...deps.limits };
  const say = unfailing(deps.log);
  const unattributed = (kind: LogLine['kind']) => (text: string) =>
    say({ functionName: spec.name, requestId: null, kind, text });
  const pool = environmentPool({
    max: spec.maxEnvironments,
    initMs: limits.initMs,
    idleMs: limits.idleMs,
    start: (initMs) =>
      startEnvironment(spec, {
        runtime: deps.runtime,
        initMs,
        shutdownMs: limits.shutdownMs,
        output: unattributed('function'),
      }),
  });
  const running = new Set<Promise<void>>();
  let invocations = 0;
  let isStopped = false;
  const refuseWhenStopped = (): void => {
    if (isStopped) throw new InvocationError('ServiceException', 'The function has been stopped.');
  };

  return {
    spec,
    async invoke(event, { streaming, clientContext, requestId = randomUUID() }) {
      refuseWhenStopped();
      const payload = checkedEvent(event, limits.payloadBytes);
      const context = checkedContext(clientContext);
      const acquired = await pool.acquire();
      if (acquired === null) refuseWhenStopped();
      if (acquired === null) throw new InvocationError('TooManyRequestsException', 'Rate Exceeded.');
      invocations += 1;
      const { environment, isFresh } = acquired;
      const log = invocationLog(spec.name, requestId, say);
      const response = openResponse(streaming, limits);
      const over = runInvocation(
        { spec, pool, log, response, event: payload, clientContext: context, platform: unattributed('platform') },
        environment,
        isFresh,
      );
      running.add(over);
      void over.finally(() => running.delete(over));
      const logTail = (): Promise<string> => over.then(() => log.tail());
      const head = await response.begun.catch((error: unknown) => {
        if (error instanceof InvocationError) Object.assign(error, { requestId, logTail });
        throw error;
      });
      return { requestId, ...head, body: response.body, logTail };
    },
    refresh: () => pool.refresh(),
    stats: () => ({ ...pool.counts(), invocations }),
    async stop() {
      isStopped = true;
      await pool.stop();
      await Promise.all(running);
    },
  };
}
