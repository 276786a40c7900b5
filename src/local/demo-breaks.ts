import { readdir, readFile } from 'node:fs/promises';
import { BatonError } from '../errors.ts';
import { emsg } from '../media/emsg.ts';
import type { App, Body } from '../relay/reply.ts';
import type { Milliseconds } from '../units.ts';

/** What the visitor of the demo can break. */
export const BREAKS = ['encoder', 'source', 'leg', 'error', 'server'] as const;
export type Break = (typeof BREAKS)[number];

/** Breaks things on purpose, so that one can hear that nothing is heard. */
export interface Breaks {
  /** Breaks it, and says what was done. */
  break(what: Break): Promise<string>;
  /** `app`, whose framed streams break as was asked. */
  around(app: App): App;
}

/** What the breaks reach into. */
export interface BreakDeps {
  /** Lets the source's origin cut everything and stay away for so long. */
  readonly failSource: (ms: Milliseconds) => void;
  /** Stops the server and starts it again, a little later. */
  readonly restart: () => void;
}

const SOURCE_AWAY: Milliseconds = 3_000;
const ERROR = {
  type: 'error',
  code: 'SOURCE_CUT',
  message: 'This error was asked for on the demo page.',
  retryAfterSeconds: 1,
};
const POSITION = /"type":"position"[^{}]*"token":"([^"]+)"/g;

/** Nothing is broken at first. */
export function demoBreaks({ failSource, restart }: BreakDeps): Breaks {
  /** How the next framed stream ends. */
  let armed: 'leg' | 'error' | null = null;

  const acts: Readonly<Record<Break, () => string | Promise<string>>> = {
    encoder: killEncoders,
    source: () => {
      failSource(SOURCE_AWAY);
      return `The source hung up and stays away for ${SOURCE_AWAY / 1000} seconds.`;
    },
    leg: () => {
      armed = 'leg';
      return 'The next leg will be cut in the middle of a box.';
    },
    error: () => {
      armed = 'error';
      return 'The next leg will end with an error event.';
    },
    server: () => {
      restart();
      return 'The server restarts: every connection is cut.';
    },
  };

  return {
    break: async (what) => acts[what](),
    around: (app) => async (request) => {
      // what is sent to all alike cannot break for one
      const reply = await app(
        armed === null ? request : { ...request, limits: { ...request.limits, takesBroadcasts: false } },
      );
      const isFramed = reply.headers['content-type']?.startsWith('audio/mp4') === true && request.method === 'GET';
      if (armed === null || !isFramed || reply.status !== 200) return reply;
      const how = armed;
      armed = null;
      return { ...reply, body: broken(reply.body, how) };
    },
  };
}

/** Some fragments, then the end that was asked for. Pieces of a framed stream are whole boxes. */
async function* broken(body: Body, how: 'leg' | 'error'): AsyncGenerator<Uint8Array, void> {
  if (body === null || body instanceof Uint8Array) return;
  let fragments = 0;
  let token: string | null = null;
  for await (const piece of body) {
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
    if (text.includes('moof')) fragments += 1;
    if (fragments < 4) {
      for (const [, resumes] of text.matchAll(POSITION)) token = resumes ?? token;
      yield piece;
    } else if (how === 'leg') {
      yield piece.subarray(0, piece.length >> 1);
      throw new BatonError('SOURCE_CUT', 'asked for on the demo page');
    } else {
      yield emsg({ id: 1_000_000, time: 0, data: { ...ERROR, token } });
      return;
    }
  }
}

/** Ends the ffmpeg processes that this process has started, as the system does when memory is short. */
async function killEncoders(): Promise<string> {
  const own = (await ownChildren('ffmpeg')).filter(kill);
  if (own.length === 0) return 'No encoder was running: seek to a place that nobody has heard yet.';
  return own.length === 1 ? 'One encoder was killed.' : `${own.length} encoders were killed.`;
}

/** Whether it was still there. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

async function ownChildren(name: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')));
  return stats.flatMap((stat) => {
    // pid (name) state parent: a name may hold anything, also parentheses
    const [, pid, command, parent] = /^(\d+) \((.*)\) \S (\d+)/s.exec(stat) ?? [];
    return command === name && Number(parent) === process.pid ? [Number(pid)] : [];
  });
}
