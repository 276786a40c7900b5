import type { Growing } from '../encode/growing.ts';
import type { Held, LiveStream } from '../live/live-stream.ts';
import type { LegRecord } from '../meter/usage.ts';
import type { Link } from '../sign/link.ts';
import { resumeToken } from '../sign/resume-token.ts';
import type { Frames, Milliseconds } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { following } from './body.ts';
import type { Broadcast } from './broadcast.ts';
import type { Place } from './framed-place.ts';
import { copiedMuxer } from './live-copied.ts';
import { liveEndless } from './live-endless.ts';
import { liveFilm } from './live-film.ts';
import { filmFrom } from './live-film-start.ts';
import { liveFramed } from './live-framed.ts';
import { liveLeg, type Holding, type LegChunk, type LegRule } from './live-leg.ts';
import { encodedMuxer, soundTrack, type LiveMuxer } from './live-muxer.ts';
import type { LiveContainer } from './live-options.ts';
import { awaited, isOn, liveStart } from './live-place.ts';
import { liveTalk } from './live-talk.ts';
import type { Request } from './reply.ts';

/** One who listens to a channel. */
export interface Listener {
  readonly request: Request;
  readonly baton: Baton;
  readonly notes: Notes;
  readonly link: Link;
  readonly stream: LiveStream;
  /** Watched beside the sound; null: sound alone. */
  readonly pictures: LiveStream | null;
  readonly container: LiveContainer;
  /** Whether blocks of metadata are to stand between bare frames. */
  readonly titled: boolean;
  readonly place: Place;
  readonly rule: LegRule;
}

/**
 * What a listener gets, whose first piece is there when this resolves. Leaving it lets go of the stream. Throws what the
 * channel fails with before it.
 */
export async function liveBody(listener: Listener): Promise<AsyncIterable<Uint8Array>> {
  const { request, notes, stream, place, rule } = listener;
  const wasAway = await awaited(place, stream, request.signal);
  const isKnown = rule.heldMs !== null && stream.channel.head.latest() !== null;
  const isFree = isKnown || (await stream.look(request.signal));
  const isDue = isFree && !wasAway; // who makes the chunks has not been able to say so
  const mustHold = rule.heldMs !== null || isDue || !hasMore(stream, place, listener.baton.now());
  const held = mustHold ? stream.hold() : UNHELD;
  const letGo = async (): Promise<void> => {
    stream.channel.bill.pay(notes.meter); // of all that has been due since another listener left
    await held.letGo();
    stream.channel.bill.pay(notes.meter);
  };
  const { failure } = held;
  const holding = { signal: request.signal, letGo, failure, mayShare: request.limits.takesBroadcasts };
  const body = releasing(pieces(listener, holding), letGo);
  const first = await body.next();
  return following(first.done === true ? [] : [first.value], body);
}

const UNHELD: Held = { letGo: () => Promise.resolve(), failure: () => null };

/** Whether the store has something for a listener at `place`: who would have to wait for it holds the stream. */
function hasMore(stream: LiveStream, place: Place, now: Milliseconds): boolean {
  const [first, end] = stream.runs().at(-1) ?? [0, 0];
  if (place.kind === 'time') return end > first;
  const isOfThisLife = place.kind === 'resume' && place.version === stream.channel.head.latest()?.version;
  return isOfThisLife ? Math.floor(place.frame / stream.output.grid.chunkFrames) < end : isOn(stream, now);
}

async function* pieces(listener: Listener, holding: Holding): AsyncGenerator<Uint8Array, Broadcast | null> {
  const { baton, notes, link, stream, pictures, container, place, rule } = listener;
  const { signal } = holding;
  const start = await liveStart(place, stream, rule.behind, baton.now, signal);
  const film = pictures && (await filmFrom(pictures, start, listener, signal));
  const { index, from, said } = film?.start ?? start;
  const leg = liveLeg(stream, index, rule);
  if (container !== 'mp4') return yield* liveEndless(stream, leg, container, listener.titled, notes, holding);
  const version = stream.channel.head.latest()?.version ?? '';
  const tokenAt = (frame: Frames): string => resumeToken({ frame, version }, link, baton.keys);
  const record: LegRecord = (notes.leg = { from: 0, to: 0, end: null });
  const wholeTo = film === null ? {} : { wholeTo: () => film.flow.next() * stream.output.grid.chunkFrames };
  const talk = liveTalk({ stream, leg, from, version, tokenAt, behind: rule.behind, said, record, ...wholeTo });
  if (film !== null) return yield* liveFilm({ stream, leg, talk, flow: film.flow, muxer: film.muxer }, notes, holding);
  const muxerOf = ({ chunk }: LegChunk): Promise<LiveMuxer> => muxerFor(stream, chunk, from, signal);
  return yield* liveFramed({ stream, leg, talk, muxerOf }, notes, holding);
}

/** A broadcast lets go by itself. */
async function* releasing(
  body: AsyncGenerator<Uint8Array, Broadcast | null>,
  letGo: () => Promise<void>,
): AsyncGenerator<Uint8Array, Broadcast | null> {
  let broadcast: Broadcast | null = null;
  try {
    broadcast = yield* body;
    return broadcast;
  } finally {
    if (broadcast === null) await letGo();
  }
}

/** Positions on the grid of what is passed on as it came are those on the channel. */
async function muxerFor(
  { output: { grid, timeline }, channel }: LiveStream,
  first: Growing,
  from: Frames,
  signal: AbortSignal,
): Promise<LiveMuxer> {
  if (timeline === null) return copiedMuxer(first, Number(from), grid, () => channel.head.latest(), signal);
  return encodedMuxer(timeline, soundTrack(timeline));
}
