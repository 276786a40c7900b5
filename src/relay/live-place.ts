import { setTimeout as sleep } from 'node:timers/promises';
import { CHANNEL_RATE, chunkSamples } from '../grid/live.ts';
import { toSamples } from '../live/epoch.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Frames, Milliseconds, Seconds } from '../units.ts';
import type { Place } from './framed-place.ts';
import type { StreamEvent } from './leg-events.ts';

/** Where a leg of a channel begins. */
export interface LiveStart {
  readonly index: number;
  /** The first frame that the listener is to hear. */
  readonly from: Frames;
  /** What they have to be told of it. */
  readonly said: readonly StreamEvent[];
}

/** Frames that a decoder wants before the first one that counts: as in files. */
const PREROLL: Readonly<Record<string, Frames>> = { aac: 2, opus: 4 };
/** Chunks made longer ago are of a time when somebody else listened. */
const FRESH_MS: Milliseconds = 15_000;

/** So long the store may be away before those who were listening already begin with a channel of their own. */
const AWAY_MS: Milliseconds = 4_000;
const LOOK_MS: Milliseconds = 200;

/**
 * Looks for the channel that a listener comes back to; where the store says nothing of it, again for a while, for what
 * they have at hand lasts longer. True when it had to.
 */
export async function awaited(place: Place, { channel }: LiveStream, signal: AbortSignal): Promise<boolean> {
  if (place.kind !== 'resume' || channel.head.latest() !== null) return false;
  const until = performance.now() + AWAY_MS;
  if ((await channel.head.read(signal)) !== null) return false;
  while (performance.now() < until && (await channel.head.read(signal)) === null)
    await sleep(LOOK_MS, undefined, { signal });
  return true;
}

/**
 * Where a listener begins who asks for `place`: `behind` the newest chunk where they ask for nothing, and within what
 * there is. Waits for the first chunk of a channel that nobody has listened to.
 */
export async function liveStart(
  place: Place,
  stream: LiveStream,
  behind: Seconds,
  now: () => Milliseconds,
  signal: AbortSignal,
): Promise<LiveStart> {
  const { grid } = stream.output;
  const version = stream.channel.head.latest()?.version;
  if (place.kind === 'resume' && place.version === version) {
    const index = Math.floor(place.frame / grid.chunkFrames);
    return { index, from: place.frame, said: [] };
  }
  if (place.kind === 'time' && stream.runs().length > 0) {
    const sample = (toSamples(place.ms) * grid.sampleRate) / CHANNEL_RATE;
    return sought(Math.floor((sample + grid.priming) / grid.frameSamples), stream);
  }
  const index = await newest(stream, behind, now, signal);
  const start = { index, from: index * grid.chunkFrames + (index === 0 ? 0 : prerollOf(stream)) };
  if (place.kind === 'start') return { ...start, said: [] };
  const time = (index * chunkSamples(grid)) / CHANNEL_RATE;
  return { ...start, said: [{ type: 'discontinuity', time, missingMs: 0, why: 'channel-restarted' }] };
}

const prerollOf = ({ output: { timeline } }: LiveStream): Frames => PREROLL[timeline?.codec ?? ''] ?? 0;

/** As near to `frame` as there is something. */
function sought(frame: Frames, stream: LiveStream): LiveStart {
  const { chunkFrames } = stream.output.grid;
  const runs = stream.runs();
  const preroll = prerollOf(stream);
  const wanted = Math.floor(Math.max(0, frame - preroll) / chunkFrames);
  const run = runs.find(([, end]) => end > wanted) ?? runs.at(-1);
  const [first, end] = run ?? [wanted, wanted + 1];
  const index = Math.min(Math.max(wanted, first), end - 1);
  const from = Math.max(frame, index * chunkFrames + (index === first && index > 0 ? preroll : 0));
  return { index, from: Math.min(from, (index + 1) * chunkFrames - 1), said: [] };
}

/** `behind` the end of the run that grows; the first chunk of one that is just beginning. */
async function newest(
  stream: LiveStream,
  behind: Seconds,
  now: () => Milliseconds,
  signal: AbortSignal,
): Promise<number> {
  const samples = chunkSamples(stream.output.grid);
  for (;;) {
    const [first, end] = stream.runs().at(-1) ?? [0, 0];
    if (isOn(stream, now())) return Math.max(first, end - Math.ceil((behind * CHANNEL_RATE) / samples));
    const growing = stream.growing();
    if (growing !== null) return growing;
    await stream.changed(signal);
  }
}

/** Whether there are chunks of the newest sound, and somebody makes more of them, or did a moment ago. */
export function isOn(stream: LiveStream, now: Milliseconds): boolean {
  const [first, end] = stream.runs().at(-1) ?? [0, 0];
  const head = stream.channel.head.latest();
  const lease = head?.renditions[stream.output.name]?.lease;
  const isFresh = lease != null && Math.abs(now - lease.renewedAt) < FRESH_MS;
  return isFresh && end > first && end * chunkSamples(stream.output.grid) > (head?.epochs.at(-1)?.at ?? 0);
}
