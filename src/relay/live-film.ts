import { toBatonError } from '../errors.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Frames, Milliseconds } from '../units.ts';
import type { Notes } from './app.ts';
import { beating } from './beating.ts';
import { legChunks, type Holding, type LiveLeg } from './live-leg.ts';
import type { LiveMuxer } from './live-muxer.ts';
import type { LiveTalk } from './live-talk.ts';
import type { PictureFlow } from './picture-flow.ts';

/** What the body of a leg with pictures is made of. */
export interface FilmParts {
  /** The sound, as `besidePictures` gives it. */
  readonly stream: LiveStream;
  readonly flow: PictureFlow;
  readonly leg: LiveLeg;
  readonly talk: LiveTalk;
  readonly muxer: LiveMuxer;
}

/** A player that hears nothing for a few seconds takes the connection for dead. */
const BEAT_MS: Milliseconds = 1_500;
/** So long the last scene of a leg is waited for: as long as scenes are. */
const LAST_MS: Milliseconds = 13_000;

/**
 * A leg of a channel with its pictures: as they come, before the sound they are shown with where they are there by then, for
 * sound waits for none. The leg ends when the scenes that began in it are over. Faults as in `liveFramed`.
 */
export async function* liveFilm(
  { stream, flow, leg, talk, muxer }: FilmParts,
  notes: Notes,
  holding: Holding,
): AsyncGenerator<Uint8Array, null> {
  const { signal } = holding;
  const { chunkFrames } = stream.output.grid;
  const frameOf = (index: number): Frames => index * chunkFrames;
  let said: Uint8Array[] = [...talk.opening(muxer)];
  let sent = -1;
  const state = { hasBegun: false };
  const out = (...pieces: readonly Uint8Array[]): Uint8Array => {
    state.hasBegun = true;
    const all = Buffer.concat([...said, ...pieces]);
    said = [];
    return all;
  };
  try {
    for await (const turn of beating(legChunks(leg, stream, { ...holding, mayShare: false }), BEAT_MS)) {
      if (turn === null) {
        const pictures = await flow.ready(sent);
        if (state.hasBegun) yield out(...pictures, talk.beat());
        else said.push(...pictures);
        continue;
      }
      const { chunk, index } = turn;
      said.push(...talk.before(turn));
      notes.firstAudioAt ??= performance.now();
      sent = index;
      const whole = chunk.complete();
      if (whole !== null) yield out(...(await flow.ready(index)), muxer.whole(whole, index));
      else
        for await (const piece of beating(muxer.growing(chunk, index, signal), BEAT_MS)) {
          const pictures = await flow.ready(index);
          if (piece !== null) yield out(...pictures, piece);
          else if (state.hasBegun) yield out(...pictures, talk.beat());
          else said.push(...pictures);
        }
      said.push(...talk.after(index));
      if (!flow.isOther()) continue;
      yield out(talk.ending(frameOf(flow.next())));
      return null;
    }
    const waited = AbortSignal.timeout(LAST_MS);
    for await (const piece of beating(flow.rest(sent + 1), BEAT_MS)) {
      yield out(piece ?? talk.beat());
      if (waited.aborted) break;
    }
    yield out(sent < 0 || flow.next() > sent ? talk.ending() : talk.ending(frameOf(flow.next())));
  } catch (thrown) {
    if (!state.hasBegun || signal.aborted) throw thrown;
    notes.failure = toBatonError(thrown);
    yield out(talk.failure(notes.failure));
  }
  return null;
}
