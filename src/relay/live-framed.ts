import { toBatonError } from '../errors.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Milliseconds } from '../units.ts';
import type { Notes } from './app.ts';
import { beating } from './beating.ts';
import type { Broadcast } from './broadcast.ts';
import { liveBroadcast, type Share } from './live-broadcast.ts';
import { legChunks, type Holding, type LegChunk, type LiveLeg } from './live-leg.ts';
import type { LiveMuxer } from './live-muxer.ts';
import type { LiveTalk } from './live-talk.ts';

/** What the body of a framed leg of a channel is made of. */
export interface LiveParts {
  readonly stream: LiveStream;
  readonly leg: LiveLeg;
  readonly talk: LiveTalk;
  /** How the first chunk and those that follow it become fragments. */
  readonly muxerOf: (first: LegChunk) => Promise<LiveMuxer>;
}

/** A player that hears nothing for a few seconds takes the connection for dead. */
const BEAT_MS: Milliseconds = 1_500;

/**
 * A leg of a channel: fragments, and events between them; who has heard all there is gets the rest as a broadcast. Before
 * its first piece it throws what the channel failed with; from then on a fault is told as an event, noted, and the body
 * comes to an orderly end.
 */
export async function* liveFramed(
  { stream, leg, talk, muxerOf }: LiveParts,
  notes: Notes,
  holding: Holding,
): AsyncGenerator<Uint8Array, Broadcast | null> {
  const { signal, mayShare } = holding;
  const chunks = legChunks(leg, stream, { ...holding, mayShare: mayShare && stream.output.timeline !== null });
  let muxer: LiveMuxer | null = null;
  let hasBegun = false;
  try {
    const turns = beating(chunks, BEAT_MS);
    for (;;) {
      const turn = await turns.next();
      if (turn.done === true) {
        if (turn.value === 'shared' && muxer !== null)
          return liveBroadcast(stream, leg, shareOf(talk, muxer, notes), holding);
        break;
      }
      if (turn.value === null) {
        if (hasBegun) yield talk.beat();
        continue;
      }
      const { chunk, index } = turn.value;
      const opening = muxer === null ? talk.opening((muxer = await muxerOf(turn.value))) : [];
      let said = [...opening, ...talk.before(turn.value)];
      notes.firstAudioAt ??= performance.now();
      const whole = chunk.complete();
      if (whole !== null) said.push(muxer.whole(whole, index));
      else
        for await (const piece of beating(muxer.growing(chunk, index, signal), BEAT_MS)) {
          if (piece === null && !hasBegun) continue;
          yield Buffer.concat([...said, piece ?? talk.beat()]);
          hasBegun = true;
          said = [];
        }
      const change = muxer.changeIn(chunk, index);
      yield Buffer.concat([...said, ...talk.after(index, change)]);
      hasBegun = true;
      if (change === null) continue;
      yield talk.ending(change);
      return null;
    }
    yield talk.ending();
  } catch (thrown) {
    if (!hasBegun || signal.aborted) throw thrown;
    notes.failure = toBatonError(thrown);
    yield talk.failure(notes.failure);
  }
  return null;
}

const shareOf = (talk: LiveTalk, muxer: LiveMuxer, notes: Notes): Share => ({
  pieces: (chunk, bytes) => {
    const before = talk.before(chunk);
    const after = talk.after(chunk.index);
    return [
      Buffer.concat(before),
      muxer.whole(bytes, chunk.index),
      ...(after.length === 0 ? [] : [Buffer.concat(after)]),
    ];
  },
  beat: () => talk.beat(),
  last: (error) => {
    if (error === null) return talk.ending();
    notes.failure = toBatonError(error);
    return talk.failure(notes.failure);
  },
  beatMs: BEAT_MS,
});
