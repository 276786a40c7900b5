import { toBatonError } from '../errors.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Milliseconds } from '../units.ts';
import type { Broadcast, Sink } from './broadcast.ts';
import type { Holding, LegChunk, LiveLeg } from './live-leg.ts';

/** How one listener gets what all of them share. */
export interface Share {
  /** A complete chunk, as this listener gets it. */
  pieces(chunk: LegChunk, bytes: Uint8Array): readonly Uint8Array[];
  /** What is said when nothing has come for `beatMs`; null: nothing ever is. */
  beat(): Uint8Array | null;
  /** The last words: of a leg that is over, or of one that fails. Null: it is cut. */
  last(error: unknown): Uint8Array | null;
  readonly beatMs: Milliseconds;
}

/** The rest of `leg`, for a listener who has everything so far. The stream is let go of when it is over. */
export const liveBroadcast = (stream: LiveStream, leg: LiveLeg, share: Share, holding: Holding): Broadcast => ({
  attach: (sink) => {
    const listener = attached(stream, leg, share, sink, holding);
    listener.look();
    return listener.leave;
  },
});

function attached(
  stream: LiveStream,
  leg: LiveLeg,
  share: Share,
  sink: Sink,
  { letGo, failure }: Holding,
): { readonly look: () => void; readonly leave: () => Promise<void> } {
  let fetching: AbortController | null = null; // few ever need one, and thousands of them would be megabytes
  let state: 'ready' | 'full' | 'fetching' | 'over' = 'ready';
  let saidAt = performance.now();
  const stop = stream.watch(look);

  function look(): void {
    while (state === 'ready' && (leg.hasNews() || failure() !== null)) {
      const next = leg.next();
      if (next === 'over') return void finish(null);
      if (next === 'wait') return failure() === null ? void beat() : void finish(failure());
      if ('fetch' in next) return void during(async (signal) => leg.fetched(await stream.chunk(next.fetch, signal)));
      const bytes = next.chunk.complete();
      if (bytes === null) return void during((signal) => whenComplete(next, signal));
      give(next, bytes);
    }
    if (state === 'ready' || state === 'fetching') beat();
  }

  function give(chunk: LegChunk, bytes: Uint8Array): void {
    saidAt = performance.now();
    try {
      for (const piece of share.pieces(chunk, bytes)) if (!sink.write(piece)) state = 'full';
    } catch (thrown) {
      return void finish(thrown);
    }
    if (state === 'full') sink.onDrain(resume);
  }

  async function during(work: (signal: AbortSignal) => Promise<LegChunk | null>): Promise<void> {
    state = 'fetching';
    fetching ??= new AbortController();
    try {
      const chunk = await work(fetching.signal);
      if (isOver()) return;
      state = 'ready';
      if (chunk !== null) give(chunk, chunk.chunk.complete() ?? new Uint8Array());
      look();
    } catch (thrown) {
      if (!isOver()) finish(thrown);
    }
  }

  function resume(): void {
    if (isOver()) return;
    state = 'ready';
    look();
  }

  function beat(): void {
    if (performance.now() - saidAt < share.beatMs) return;
    saidAt = performance.now();
    const words = share.beat();
    const isFull = words !== null && !sink.write(words);
    if (!isFull || state !== 'ready') return; // what is being fetched goes on by itself
    state = 'full';
    sink.onDrain(resume);
  }

  function finish(error: unknown): void {
    const released = leave();
    const words = share.last(error);
    if (words !== null) sink.write(words);
    sink.end(words !== null || error === null ? null : toBatonError(error), released);
  }

  async function leave(): Promise<void> {
    if (isOver()) return;
    state = 'over';
    stop();
    fetching?.abort();
    await letGo();
  }

  const isOver = (): boolean => state === 'over';
  return { look, leave };
}

async function whenComplete(chunk: LegChunk, signal: AbortSignal): Promise<LegChunk> {
  const rest = chunk.chunk.follow(chunk.chunk.filled(), Infinity, signal);
  while ((await rest.next()).done !== true);
  return chunk;
}
