import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from './at-exit.ts';
import type { FunctionSpec } from './function-spec.ts';
import { processTree, type ProcessTree } from './process-tree.ts';
import type { RuntimeBinary } from './install-runtime.ts';

/** The process of one environment: Node, AWS's runtime client in it, and whatever the function starts. */
export interface RuntimeProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly tree: ProcessTree;
  /** How the runtime ended, in the service's words; resolves as soon as it has. */
  readonly exited: Promise<string>;
  /** Stops every process of the environment until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Ends all of them; resolves when they are gone and their output is read. */
  kill(): Promise<void>;
  /** Asks the runtime to end (SIGTERM), and kills what is left after `graceMs`. */
  terminate(graceMs: number): Promise<void>;
}

/** As AWS's launcher sets them, in hundredths of the memory. */
const OLD_SPACE_SHARE = 90;
const SEMI_SPACE_SHARE = 5;

const LAST_WORDS_MS = 200;

/** 1,024 descriptors, as on AWS; and no environment survives a local Lambda that was killed, where the system can see to it. */
const LAUNCH =
  'ulimit -n 1024 2>/dev/null; ' +
  'setpriv --pdeathsig KILL true 2>/dev/null && exec setpriv --pdeathsig KILL "$0" "$@"; exec "$0" "$@"';

export function startRuntime(
  runtime: RuntimeBinary,
  spec: FunctionSpec,
  variables: Readonly<Record<string, string>>,
): RuntimeProcess {
  const share = (percent: number): number => Math.max(1, Math.floor((spec.memoryMb * percent) / 100));
  const heap = [`--max-old-space-size=${share(OLD_SPACE_SHARE)}`, `--max-semi-space-size=${share(SEMI_SPACE_SHARE)}`];
  const child = spawn('/bin/sh', ['-c', LAUNCH, runtime.node, '--expose-gc', ...heap, runtime.client], {
    cwd: spec.taskRoot,
    env: variables,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const exited = once(child, 'exit').then(
    ([code, signal]) => endingOf(code as number | null, signal as string | null),
    (error: unknown) => `could not be started: ${String(error)}`,
  );
  const { pid } = child;
  const tree = pid === undefined ? { members: () => [] } : processTree(pid);
  const send = (signal: NodeJS.Signals): void => {
    for (const each of tree.members()) signalTo(each.id, signal);
    if (pid !== undefined && child.exitCode === null && child.signalCode === null) signalTo(-pid, signal);
  };
  const freeze = (): void => {
    const stopped = new Set<number>();
    // What is stopped starts nothing: when a look finds nobody new, all are.
    for (;;) {
      const others = tree.members().filter((each) => !stopped.has(each.id));
      if (others.length === 0) return;
      for (const { id } of others) {
        stopped.add(id);
        signalTo(id, 'SIGSTOP');
      }
    }
  };
  const closed = Promise.all([child.stdout, child.stderr].map((pipe) => pipeClosed(pipe)));
  const killNow = (): void => {
    freeze();
    send('SIGKILL');
  };
  const forget = atExit(killNow);
  const kill = async (): Promise<void> => {
    killNow();
    await exited;
    // Children that were not ours to wait for vanish a moment later.
    while (tree.members().length > 0) {
      send('SIGKILL');
      await sleep(2);
    }
    // A process that could not be found may hold a pipe open.
    await Promise.race([closed, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    child.stdout.destroy();
    child.stderr.destroy();
    forget();
  };
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    tree,
    exited,
    freeze,
    thaw: () => send('SIGCONT'),
    kill,
    async terminate(graceMs) {
      send('SIGCONT');
      child.kill('SIGTERM');
      const exit = new AbortController();
      void exited.then(() => exit.abort());
      await sleep(graceMs, undefined, { signal: exit.signal }).catch(() => undefined);
      await kill();
    },
  };
}

/** The wording is that of the service. */
function endingOf(code: number | null, signal: string | null): string {
  if (signal !== null) return `Runtime exited with error: signal: ${SIGNALS[signal] ?? signal}`;
  return code === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${code ?? '?'}`;
}

const SIGNALS: Readonly<Record<string, string>> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
};

async function pipeClosed(pipe: Readable): Promise<void> {
  if (!pipe.closed) await once(pipe, 'close').catch(() => undefined);
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended since it was seen.
  }
}
