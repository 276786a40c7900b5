import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { atExit } from './at-exit.ts';
import type { Fault } from './fault.ts';
import type { FunctionSpec } from './function-spec.ts';
import type { RuntimeBinary } from './install-runtime.ts';
import type { InvocationLog } from './invocation-log.ts';
import { forEachLine } from './log-lines.ts';
import { watchMemory, type MemoryWatch } from './memory.ts';
import { serveRuntimeApi, type RuntimeApi, type Work } from './runtime-api.ts';
import { startRuntime, type RuntimeProcess } from './runtime-process.ts';
import { functionVariables } from './variables.ts';

/** One environment: a runtime process with its API, its folder and its limits. It runs one invocation at a time. */
export interface Environment {
  /** The outcome of the initialisation: null when the runtime has asked for work. */
  readonly ready: Promise<Fault | null>;
  /** Resolves when it can do no more work, with the reason; it then ends by itself. */
  readonly broken: Promise<Fault>;
  /** How long the initialisation took. */
  initMs(): number;
  maxMemoryMb(): number;
  /** Says to whose log the output belongs from now on. */
  attribute(log: InvocationLog | null): void;
  /**
   * Thaws, hands out the work, and freezes when the runtime has asked for more and the response is over; or gives the
   * fault that broke the environment, after telling `onFault` at once. Either way all output has been read.
   */
  serve(work: Work, timeoutMs: number, onFault: (fault: Fault) => void): Promise<Service>;
  /** Why a response broke off: mostly the runtime has ended. */
  whyCut(): Promise<Fault>;
  /** Ends it: politely (SIGTERM first) or at once. Resolves, always, when nothing of it is left that can be removed. */
  end(how: 'terminate' | 'kill'): Promise<void>;
}

export interface Service {
  readonly fault: Fault | null;
  /** From handing out the work to the next question for work, or to the fault. */
  readonly durationMs: number;
}

export interface EnvironmentDeps {
  readonly runtime: RuntimeBinary;
  readonly initMs: number;
  readonly shutdownMs: number;
  /** A line that belongs to no invocation. */
  readonly output: (text: string) => void;
}

interface Parts {
  readonly folder: string;
  readonly forgetFolder: () => void;
  readonly api: RuntimeApi;
  readonly process: RuntimeProcess;
  readonly memory: MemoryWatch;
}

const EXIT_FOLLOWS_MS = 250;

/** Starts an environment. */
export function startEnvironment(spec: FunctionSpec, deps: EnvironmentDeps): Environment {
  const broken = Promise.withResolvers<Fault>();
  const started = performance.now();
  let initMs = 0;
  let maxMemoryMb = 0;
  let ending: Promise<void> | null = null;
  let log: InvocationLog | null = null;

  const output = (text: string): void => (log === null ? deps.output(text) : log.output(text));
  const opened = openParts(spec, { ...deps, output }, broken.resolve).catch((error: unknown) => {
    broken.resolve({ kind: 'exit', ending: `The environment could not be made: ${String(error)}` });
    return null;
  });
  const close = async (how: 'terminate' | 'kill'): Promise<void> => {
    const parts = await opened;
    if (parts === null) return;
    parts.memory.pause();
    await (how === 'kill' ? parts.process.kill() : parts.process.terminate(deps.shutdownMs));
    const removed = rm(parts.folder, { recursive: true, force: true }).then(parts.forgetFolder);
    await Promise.allSettled([parts.api.stop(), removed]); // a folder that resists is tried once more at exit
  };
  const end = (how: 'terminate' | 'kill'): Promise<void> => (ending ??= close(how));
  void broken.promise.then(() => end('kill'));

  /** What comes first: `done`, a fault, or the end of the time, which is a fault too. */
  const orFault = async (done: Promise<unknown>, ms: number): Promise<Fault | null> => {
    const timer = setTimeout(() => broken.resolve({ kind: 'time' }), ms);
    try {
      return await Promise.race([done.then(() => null), broken.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
  const initialise = async (): Promise<Fault | null> => {
    const asked = opened.then((parts) => parts?.api.asked() ?? new Promise<never>(() => undefined));
    const fault = await orFault(asked, deps.initMs);
    initMs = performance.now() - started;
    return fault;
  };

  return {
    ready: initialise(),
    broken: broken.promise,
    initMs: () => initMs,
    maxMemoryMb: () => maxMemoryMb,
    attribute: (to) => (log = to),
    async serve(work, timeoutMs, onFault) {
      const parts = await opened;
      if (parts === null) return { fault: await broken.promise, durationMs: 0 };
      const { api, process, memory } = parts;
      const handed = performance.now();
      process.thaw();
      memory.resume();
      api.hand(work);
      const fault = await orFault(Promise.all([api.asked(), work.response.settled]), timeoutMs);
      const durationMs = performance.now() - handed;
      if (fault !== null) onFault(fault);
      else if (ending === null) process.freeze(); // who has been told to end needs to run for it
      memory.pause();
      maxMemoryMb = memory.maxMb();
      await (fault === null ? outputRead() : end('kill'));
      return { fault, durationMs };
    },
    async whyCut() {
      const wait = new AbortController();
      const cut = sleep(EXIT_FOLLOWS_MS, undefined, { signal: wait.signal }).then(
        (): Fault => ({ kind: 'cut' }),
        (): Fault => ({ kind: 'cut' }),
      );
      try {
        return await Promise.race([broken.promise, cut]);
      } finally {
        wait.abort();
      }
    },
    end,
  };
}

async function openParts(spec: FunctionSpec, deps: EnvironmentDeps, onFault: (fault: Fault) => void): Promise<Parts> {
  const folder = await mkdtemp(join(tmpdir(), 'local-lambda-'));
  const forgetFolder = atExit(() => rmSync(folder, { recursive: true, force: true }));
  const api = await serveRuntimeApi((error) => onFault({ kind: 'init', error }));
  const date = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  const variables = functionVariables(spec, {
    node: deps.runtime.node,
    runtimeApi: api.address,
    logStream: `${date}/[$LATEST]${randomUUID().replaceAll('-', '')}`,
    temporaryFolder: folder,
  });
  const process = startRuntime(deps.runtime, spec, variables);
  for (const pipe of [process.stdout, process.stderr]) forEachLine(pipe, deps.output);
  const memory = watchMemory(process.tree, spec.memoryMb, () => onFault({ kind: 'memory' }));
  memory.resume();
  void process.exited.then((text) => onFault({ kind: 'exit', ending: text }));
  return { folder, forgetFolder, api, process, memory };
}

/** What a stopped process has written before is in the pipes, and each turn of the loop reads what is there. */
async function outputRead(): Promise<void> {
  await nextTurn();
  await nextTurn();
}
