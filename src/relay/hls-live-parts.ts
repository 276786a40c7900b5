import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import { formatPlace } from '../hls/place.ts';
import type { Link } from '../sign/link.ts';
import type { Milliseconds } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { firstNumber, type SegmentRun } from './hls-live-segments.ts';
import type { LiveTrack } from './hls-live-track.ts';
import { atOnce, partReply, type HlsPart } from './hls-part-reply.ts';
import type { Reply, Request } from './reply.ts';

/** So long a segment that is about to be there is waited for: it is listed by whoever makes it a little earlier. */
const PATIENCE_MS: Milliseconds = 5_000;
const LOOK_MS: Milliseconds = 200;

/** An initialization section of a track. */
export async function liveInit(
  version: string,
  track: LiveTrack,
  request: Request,
  link: Link,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const part = partOf(formatPlace({ track: track.name, part: { kind: 'init', version } }), track, baton);
  const bytes = await track.init(version, AbortSignal.any([request.signal, request.closing]));
  return await partReply(part, () => atOnce(bytes), request, link, baton, notes);
}

/**
 * A segment of a channel from the store, or from here. @throws SEGMENT_GONE for one that nobody may go back to any more,
 * or of another life of the channel; NOT_FOUND for one that is not there, or not yet
 */
export async function liveSegment(
  { version, index: number }: { readonly version: string; readonly index: number },
  track: LiveTrack,
  request: Request,
  link: Link,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  const signal = AbortSignal.any([request.signal, request.closing]);
  const { head } = track.stream.channel;
  const name = formatPlace({ track: track.name, part: { kind: 'segment', version, index: number } });
  const known = head.latest() ?? (await head.read(signal));
  const current = known?.version === version ? known : await head.read(signal);
  if (current === null) throw new BatonError('NOT_FOUND', 'no such channel');
  if (current.version !== version) throw new BatonError('SEGMENT_GONE', name);
  const index = number - firstNumber(current);
  await there(index, track, signal);
  return await partReply(partOf(name, track, baton), () => track.pieces(index, signal), request, link, baton, notes);
}

async function there(index: number, track: LiveTrack, signal: AbortSignal): Promise<void> {
  const { stream } = track;
  const segments = (): SegmentRun | null => track.segments(stream.runs());
  const until = performance.now() + PATIENCE_MS;
  const isThere = (): boolean => segments()?.has(index) === true;
  if (isThere()) return;
  for (;;) {
    await stream.channel.head.read(signal); // what is known here may be of some time ago
    if (isThere()) return;
    const listed = segments();
    if (listed !== null && index < listed.first) throw new BatonError('SEGMENT_GONE', `segment ${index}`);
    const isSoon = listed === null ? index >= 0 : index >= listed.end && index <= listed.end + 1;
    if (!isSoon || performance.now() > until) throw new BatonError('NOT_FOUND', `segment ${index} is not there`);
    await sleep(LOOK_MS, undefined, { signal });
  }
}

const partOf = (name: string, { type, stream: { output } }: LiveTrack, { engine }: Baton): HlsPart => ({
  type,
  tag: [output.name, engine.id, name],
});
