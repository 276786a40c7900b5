import type { Environment } from './environment.ts';

/** The environments of one function. */
export interface EnvironmentPool {
  /** One without work, the last used first, else a fresh one; null when as many live as may. */
  acquire(): Promise<Acquired | null>;
  /** A fresh one in the place of one that has failed; null when the pool is stopped. */
  replace(initMs: number): Environment | null;
  /** The environment has answered and is about to be released. */
  finishing(environment: Environment): void;
  /** The environment has no work any more: it is kept for a while, unless it is broken or out of date. */
  release(environment: Environment): void;
  /** From now on the environments that live take no new work. */
  refresh(): void;
  counts(): { readonly environments: number; readonly coldStarts: number; readonly exits: number };
  /** Ends all; resolves when nothing is left of any. */
  stop(): Promise<void>;
}

export interface Acquired {
  readonly environment: Environment;
  readonly isFresh: boolean;
}

export interface PoolDeps {
  readonly max: number;
  readonly initMs: number;
  readonly idleMs: number;
  readonly start: (initMs: number) => Environment;
}

/**
 * Whoever has a response often sends the next request before the runtime has asked for it. On AWS the way there takes
 * longer than that; here a request waits for an environment that has answered, before another one is started...
 */
const FINISH_MS = 150;
/** ...or before it is refused, where no other may be started. */
const FINISH_WHEN_FULL_MS = 600;

export function environmentPool({ max, initMs, idleMs, start }: PoolDeps): EnvironmentPool {
  /** What lives, and the generation of each. */
  const live = new Map<Environment, number>();
  const idle = new Map<Environment, NodeJS.Timeout>();
  const finishing = new Set<Environment>();
  /** Requests that wait so, the first first. */
  const waiting = new Set<(environment: Environment | null) => void>();
  const endings = new Set<Promise<void>>();
  let generation = 0;
  let isStopped = false;
  let coldStarts = 0;
  let exits = 0;

  const end = (environment: Environment, how: 'terminate' | 'kill'): void => {
    live.delete(environment);
    finishing.delete(environment);
    clearTimeout(idle.get(environment));
    idle.delete(environment);
    const ending = environment.end(how);
    endings.add(ending);
    void ending.finally(() => endings.delete(ending));
  };
  const begin = (initLimitMs: number): Environment => {
    const environment = start(initLimitMs);
    live.set(environment, generation);
    coldStarts += 1;
    void environment.broken.then(() => {
      if (live.has(environment)) exits += 1; // else it was ended on purpose
      end(environment, 'kill');
    });
    return environment;
  };
  const keep = (environment: Environment): void => {
    const timer = setTimeout(() => end(environment, 'terminate'), idleMs);
    idle.set(environment, timer);
  };
  const takeIdle = (): Environment | null => {
    const last = [...idle.keys()].at(-1);
    if (last === undefined) return null;
    clearTimeout(idle.get(last));
    idle.delete(last);
    return last;
  };
  const awaitFinishing = async (): Promise<Environment | null> => {
    if (finishing.size <= waiting.size) return null;
    const { promise, resolve } = Promise.withResolvers<Environment | null>();
    waiting.add(resolve);
    const timer = setTimeout(
      () => {
        waiting.delete(resolve);
        resolve(null);
      },
      live.size < max ? FINISH_MS : FINISH_WHEN_FULL_MS,
    );
    const environment = await promise;
    clearTimeout(timer);
    return environment;
  };

  return {
    async acquire() {
      const used = takeIdle() ?? (await awaitFinishing());
      if (used !== null) return { environment: used, isFresh: false };
      return !isStopped && live.size < max ? { environment: begin(initMs), isFresh: true } : null;
    },
    replace: (initLimitMs) => (isStopped ? null : begin(initLimitMs)),
    finishing(environment) {
      if (live.get(environment) === generation) finishing.add(environment);
    },
    release(environment) {
      finishing.delete(environment);
      const born = live.get(environment);
      if (born === undefined) return;
      const [next] = waiting;
      if (born !== generation) {
        end(environment, 'terminate');
      } else if (next === undefined) {
        keep(environment);
      } else {
        waiting.delete(next);
        next(environment);
      }
    },
    refresh() {
      generation += 1;
      for (const environment of [...idle.keys()]) end(environment, 'terminate');
    },
    counts: () => ({ environments: live.size, coldStarts, exits }),
    async stop() {
      isStopped = true;
      for (const each of waiting) each(null);
      for (const environment of [...live.keys()]) end(environment, 'terminate');
      while (endings.size > 0) await Promise.all(endings);
    },
  };
}
