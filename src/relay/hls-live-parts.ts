import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import { formatPlace, type TrackName } from '../hls/place.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Link } from '../sign/link.ts';
import type { Milliseconds } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { trackOf } from './framed-stream.ts';
import { chunksIn, firstNumber, segmentsOf } from './hls-live-segments.ts';
import { atOnce, partReply, type HlsPart } from './hls-part-reply.ts';
import { encodedMuxer, type LiveMuxer } from './live-muxer.ts';
import type { Reply, Request } from './reply.ts';

/** So long a segment that is about to be there is waited for: it is listed by whoever makes it a little earlier. */
const PATIENCE_MS: Milliseconds = 5_000;
const LOOK_MS: Milliseconds = 200;

/** The initialization section of a rendition, which is the same in every life of the channel. */
export function liveInit(
  version: string,
  track: TrackName,
  stream: LiveStream,
  request: Request,
  link: Link,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const part = partOf(formatPlace({ track, part: { kind: 'init', version } }), stream, baton);
  const { init } = muxerOf(stream);
  return partReply(part, () => atOnce(init), request, link, baton, notes);
}

/**
 * A segment of a channel from the store, or from here. @throws SEGMENT_GONE for one that nobody may go back to any more,
 * or of another life of the channel; NOT_FOUND for one that is not there, or not yet
 */
export async function liveSegment(
  { version, index: number }: { readonly version: string; readonly index: number },
  track: TrackName,
  stream: LiveStream,
  request: Request,
  link: Link,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const signal = AbortSignal.any([request.signal, request.closing]);
  const name = formatPlace({ track, part: { kind: 'segment', version, index: number } });
  const head = stream.channel.head.latest() ?? (await stream.channel.head.read(signal));
  const current = head?.version === version ? head : await stream.channel.head.read(signal);
  if (current === null) throw new BatonError('NOT_FOUND', 'no such channel');
  if (current.version !== version) throw new BatonError('SEGMENT_GONE', name);
  const index = number - firstNumber(current);
  await there(index, stream, signal);
  return await partReply(partOf(name, stream, baton), () => pieces(index, stream, signal), request, link, baton, notes);
}

async function there(index: number, stream: LiveStream, signal: AbortSignal): Promise<void> {
  const chunks = chunksIn(stream.output.grid);
  const until = performance.now() + PATIENCE_MS;
  const isThere = (): boolean => segmentsOf(stream.runs(), chunks)?.has(index) === true;
  if (isThere()) return;
  for (;;) {
    await stream.channel.head.read(signal); // what is known here may be of some time ago
    if (isThere()) return;
    const listed = segmentsOf(stream.runs(), chunks);
    if (listed !== null && index < listed.first) throw new BatonError('SEGMENT_GONE', `segment ${index}`);
    const isSoon = listed === null ? index >= 0 : index >= listed.end && index <= listed.end + 1;
    if (!isSoon || performance.now() > until) throw new BatonError('NOT_FOUND', `segment ${index} is not there`);
    await sleep(LOOK_MS, undefined, { signal });
  }
}

async function* pieces(segment: number, stream: LiveStream, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const chunks = chunksIn(stream.output.grid);
  const muxer = muxerOf(stream);
  for (let index = segment * chunks; index < (segment + 1) * chunks; index++) {
    const chunk = await stream.chunk(index, signal);
    if (chunk === null) throw new BatonError('SEGMENT_GONE', `chunk ${index}`);
    for await (const bytes of chunk.follow(0, Infinity, signal)) void bytes; // it may be on its way to being complete
    const whole = chunk.complete();
    if (whole !== null) yield muxer.whole(whole, index);
  }
}

function muxerOf({ output: { timeline } }: LiveStream): LiveMuxer {
  if (timeline === null) throw new BatonError('INTERNAL', 'what is passed on has no grid');
  return encodedMuxer(timeline, trackOf(timeline));
}

const partOf = (name: string, { output }: LiveStream, { engine }: Baton): HlsPart => ({
  type: 'audio/mp4',
  tag: [output.name, engine.id, name],
});
