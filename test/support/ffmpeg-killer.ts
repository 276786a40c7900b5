import { setTimeout as sleep } from 'node:timers/promises';
import { ffmpegProcesses } from './leaks.ts';

/**
 * Kills ffmpeg processes below this one, a part of them, at random moments of their lives, until it is disposed of, and
 * `most` at most: a job whose process is killed three times in a row fails, so that two harm nobody.
 */
export function ffmpegKiller(
  random: () => number,
  part: number,
  most = Infinity,
): AsyncDisposable & { killed(): number } {
  const met = new Set<number>();
  const stopping = new AbortController();
  let killed = 0;
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      for (const pid of await ffmpegProcesses()) {
        if (met.has(pid)) continue;
        met.add(pid);
        if (killed >= most || random() > part) continue;
        await sleep(random() * 50);
        if (killNow(pid)) killed += 1;
      }
      await sleep(5);
    }
  };
  const done = loop();
  return {
    killed: () => killed,
    [Symbol.asyncDispose]: () => {
      stopping.abort();
      return done;
    },
  };
}

/** Kills the ffmpeg processes below this one. */
export async function killFfmpeg(): Promise<void> {
  for (const pid of await ffmpegProcesses()) killNow(pid);
}

/** Whether the process was there to be killed. */
export function killNow(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // it ended by itself
  }
}
