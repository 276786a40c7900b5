import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Milliseconds } from '../units.ts';
import { FIRST_OUTPUT } from './args.ts';
import { limitCommands, SOUND_LIMITS, type Limits } from './limits.ts';

/** A started ffmpeg: its pipes, how it ended, and the way to stop it. Whoever starts one must `stop()` it. */
export interface FfmpegProcess {
  readonly stdin: Writable;
  readonly outputs: readonly Readable[];
  readonly ended: Promise<Ending>;
  /** The last lines that ffmpeg printed. */
  readonly stderr: () => string;
  /** Processor time used so far, as far as the system tells (0 where it does not). */
  readonly cpuMs: () => Milliseconds;
  readonly alive: () => boolean;
  /** Kills the process; resolves when it is gone and its pipes are closed. */
  readonly stop: () => Promise<void>;
}

/** How a process ended; `ours`: by `stop()`. `missing`: it could not be started. */
export type Ending =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals; readonly ours: boolean }
  | { readonly kind: 'missing'; readonly detail: string };

const STDERR_BYTES = 4096;

/** Limits that a system refuses are done without. The shell replaces itself by ffmpeg, so the pid is ffmpeg's. */
const limited = (limits: Limits): string => [...limitCommands(limits), 'exec "$0" "$@"'].join(' 2>/dev/null; ');

/** Starts ffmpeg with an empty environment and resource limits; `outputs` pipes follow stderr. Never throws. */
export function startFfmpeg(
  path: string,
  args: readonly string[],
  outputs: number,
  limits: Limits = SOUND_LIMITS,
): FfmpegProcess {
  const child = spawn('/bin/sh', ['-c', limited(limits), path, ...args], {
    env: {},
    cwd: tmpdir(),
    stdio: ['pipe', 'ignore', 'pipe', ...Array<'pipe'>(outputs).fill('pipe')],
    detached: true, // a group of its own: Ctrl-C is ours to handle, and a wrapper script dies with what it started
  });
  const stdin = child.stdin as unknown as Writable; // typed as possibly null; stdio says 'pipe'
  stdin.on('error', ignore); // EPIPE when ffmpeg has had enough
  const stderr = child.stderr as unknown as Readable;
  const pipes = child.stdio.slice(FIRST_OUTPUT) as unknown as Readable[];
  for (const pipe of pipes) pipe.on('error', ignore);
  const state: State = { gone: false, stopped: false, cpuMs: 0 };
  const ended = ending(child, state);
  return {
    stdin,
    outputs: pipes,
    ended,
    stderr: lastLines(stderr),
    cpuMs: () => (state.cpuMs = readCpuMs(child.pid) ?? state.cpuMs),
    alive: () => !state.gone,
    stop: async () => {
      state.stopped ||= !state.gone;
      if (!state.gone) killGroup(child);
      for (const pipe of [stdin, stderr, ...pipes]) pipe.destroy();
      await ended;
    },
  };
}

interface State {
  gone: boolean;
  stopped: boolean;
  cpuMs: Milliseconds;
}

const ignore = (): void => undefined;

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}

function ending(child: ChildProcess, state: State): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('exit', () => (state.gone = true));
    child.once('error', (error) => {
      state.gone = true;
      resolve({ kind: 'missing', detail: error.message });
    });
    child.once('close', (code: number | null, signal: NodeJS.Signals | null) => {
      if (signal !== null) resolve({ kind: 'signal', signal, ours: state.stopped });
      else if (code === 126 || code === 127) resolve({ kind: 'missing', detail: `shell exit ${code}` });
      else resolve({ kind: 'exit', code: code ?? 0 });
    });
  });
}

function lastLines(pipe: Readable): () => string {
  let text = '';
  pipe.setEncoding('utf8').on('data', (more: string) => (text = (text + more).slice(-STDERR_BYTES)));
  pipe.on('error', ignore);
  return () => text.trim();
}

/**
 * The first field of schedstat is the time of the first thread on a processor, in nanoseconds; stat has that of all
 * threads, in hundredths of a second.
 */
function readCpuMs(pid: number | undefined): Milliseconds | null {
  try {
    const first = Number(readFileSync(`/proc/${pid ?? 0}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
    const fields =
      readFileSync(`/proc/${pid ?? 0}/stat`, 'latin1')
        .split(') ')[1]
        ?.split(' ') ?? [];
    return Math.max(first, (Number(fields[11]) + Number(fields[12])) * 10);
  } catch {
    return null;
  }
}
