import { createBoxReader, joined } from './boxes.ts';
import type { FilmMemory, FilmReader } from './film.ts';
import { readFragment } from './fragment.ts';
import type { Fragment } from './fragment.ts';
import { readInit } from './init.ts';
import type { Init } from './init.ts';
import type { Answer, Cause } from './recovery.ts';
import { beginning, refusal } from './server-answer.ts';
import { readEvent } from './stream-event.ts';
import type { StreamEvent } from './stream-event.ts';
import type { Timer } from './timer.ts';

/** The server says something every second. */
const IDLE_MS = 5000;

/** What a leg brings, in its order. */
export type LegPart =
  | { readonly kind: 'init'; readonly bytes: Uint8Array<ArrayBuffer>; readonly init: Init }
  | { readonly kind: 'fragment'; readonly fragment: Fragment }
  | { readonly kind: 'event'; readonly event: StreamEvent };

/** How a leg ended: whole and to be continued at `token`, whole and last, or `broken`. */
export type LegEnd =
  | { readonly kind: 'leg'; readonly token: string }
  | { readonly kind: 'eos'; readonly time: number }
  /** `token` is where to go on, if the server said. */
  | { readonly kind: 'broken'; readonly cause: Cause; readonly answer: Answer; readonly token: string | null };

/** What a leg does its work with; times in milliseconds. */
export interface LegDeps {
  readonly fetch: (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>;
  readonly now: () => number;
  readonly timer: Timer;
  /** Of a film; null of sound alone. */
  readonly film?: FilmMemory | null;
}

/** One request under way. */
export interface Leg {
  /** Ends it without a word. */
  abort(): void;
  /** Bytes so far, and the times from its opening to the first byte and to the end of the body. */
  counts(): { readonly bytes: number; readonly firstByteMs: number | null; readonly totalMs: number | null };
}

/**
 * Opens the leg at `url`, which must answer within `headersMs`, and reads it as fast as it comes, for a reader that rests
 * lets the browser hoard. Every part is whole: what was begun and not ended is dropped. `over` comes once and last. A
 * body that ends without its last word was cut, even if HTTP says that it is whole.
 */
export function openLeg(
  url: string,
  headersMs: number,
  { take, over }: { readonly take: (part: LegPart) => void; readonly over: (end: LegEnd) => void },
  deps: LegDeps,
): Leg {
  const openedAt = deps.now();
  const connection = new AbortController();
  let [bytes, firstByteMs, totalMs]: [number, number | null, number | null] = [0, null, null];
  let isOver = false;
  let rest = deps.timer(stalled, headersMs);

  function finish(end: LegEnd): void {
    if (isOver) return;
    isOver = true;
    over(end);
  }

  function stalled(): void {
    finish(cut('stalled'));
    connection.abort();
  }

  async function read(): Promise<void> {
    const response = await deps.fetch(url, { signal: connection.signal });
    if (!response.ok || response.body === null) {
      const { status, headers } = response;
      finish(broken('network', refusal(status, headers.get('retry-after'), await beginning(response))));
      return;
    }
    const reader = response.body.getReader();
    const parts = createParts(deps.film ? (await import('./film.ts')).createFilmReader(deps.film) : READER);
    for (;;) {
      rest();
      rest = deps.timer(stalled, IDLE_MS);
      const { done, value } = await reader.read();
      if (done) break;
      firstByteMs ??= deps.now() - openedAt;
      bytes += value.length;
      for (const part of parts(value)) {
        if (isOver) break;
        const end = part.kind === 'event' ? endOf(part.event) : null;
        if (end === null) take(part);
        else finish(end.kind === 'leg' && url.includes(`r.${end.token}`) ? cut('network') : end); // not a step on
      }
    }
    totalMs = deps.now() - openedAt;
    finish(cut('network'));
  }

  read()
    .catch((error: unknown) => {
      finish(cut(error instanceof RangeError ? 'unplayable' : 'network'));
      connection.abort();
    })
    .finally(() => rest());
  return {
    abort() {
      isOver = true;
      rest();
      connection.abort();
    },
    counts: () => ({ bytes, firstByteMs, totalMs }),
  };
}

/** Of what is sound alone. */
const READER = { init: readInit, fragment: readFragment };

/** Makes parts of chunks; throws a RangeError for what is no framed stream. */
function createParts(reader: FilmReader | typeof READER): (chunk: Uint8Array) => LegPart[] {
  const boxes = createBoxReader();
  let init: Init | null = null;
  let header: Uint8Array | null = null;
  let moof: Uint8Array<ArrayBuffer> | null = null;

  function part({ type, bytes }: ReturnType<typeof boxes.push>[number]): LegPart | null {
    if (type === 'emsg') {
      const event = readEvent(bytes);
      return event && { kind: 'event', event };
    }
    if (type === 'ftyp') header = bytes;
    if (type === 'moof') moof = bytes;
    if (type === 'moov' && header !== null) {
      init = reader.init(bytes);
      return { kind: 'init', init, bytes: joined(header, bytes) };
    }
    if (type !== 'mdat' || moof === null) return null;
    if (init === null) throw new RangeError();
    const fragment = reader.fragment(moof, bytes, init.sampleTicks);
    moof = null;
    return { kind: 'fragment', fragment };
  }
  return (chunk) => boxes.push(chunk).flatMap((box) => part(box) ?? []);
}

function endOf(event: StreamEvent): LegEnd | null {
  if (event.type === 'end') {
    return event.token === null ? { kind: 'eos', time: event.time } : { kind: 'leg', token: event.token };
  }
  if (event.type !== 'error') return null;
  const { code, message, retryAfterSeconds, token } = event;
  const retryAfterMs = retryAfterSeconds === null ? null : retryAfterSeconds * 1000;
  const answer = { kind: 'refused', status: 200, code, message, retryAfterMs, isFinal: token === null } as const;
  return { kind: 'broken', cause: 'network', answer, token };
}

function broken(cause: Cause, answer: Answer): LegEnd {
  return { kind: 'broken', cause, answer, token: null };
}

/** Of an unplayable body the server thinks well; otherwise it was not heard of again. */
const cut = (cause: Cause): LegEnd => broken(cause, { kind: cause === 'unplayable' ? 'fine' : 'unreachable' });
