import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveStream } from '../live/live-stream.ts';
import type { PictureMark } from '../live/picture-mark.ts';
import { picturePlan } from '../live/picture-plan.ts';
import { secondsOfTicks } from '../live/picture-time.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import type { ShownVideo } from './hls-ladder.ts';
import { ATTENDED_MS, PATIENCE_MS, WAKE_MS } from './hls-live-producer.ts';
import { isOn } from './live-place.ts';
import type { Request } from './reply.ts';

/** Of what nobody has measured yet. */
const PEAK = 1.5;

/**
 * What is told of the pictures of a channel, of at most `lines` lines; null where it has none. A channel that nobody has
 * watched is asked for them, which makes it go on. Throws what it fails with.
 */
export async function offeredPictures(
  lines: number,
  pictures: LiveStream,
  request: Request,
  baton: Baton,
  notes: Notes,
): Promise<ShownVideo | null> {
  const signal = AbortSignal.any([request.signal, request.closing]);
  await pictures.channel.head.read(signal);
  const mark = newestMark(pictures) ?? (await askedFor(pictures, request, baton, notes, signal));
  return mark && shownVideo(mark, lines, pictures);
}

function shownVideo({ facts }: PictureMark, lines: number, { channel, output }: LiveStream): ShownVideo {
  const { size, rate, codecs, bandwidth: usual, coded } = picturePlan(facts, lines);
  const { peakBits = 0, bytes = 0, ticks = 0 } = channel.head.latest()?.renditions[output.name]?.shown ?? {};
  const guess = coded === null ? (facts.bandwidth ?? usual) : usual;
  const averageBandwidth = ticks > 0 ? (bytes * 8) / secondsOfTicks(ticks) : guess;
  const bandwidth = ticks > 0 ? Math.max(peakBits, averageBandwidth) : guess * PEAK;
  const isTold = coded !== null || facts.rate > 0;
  return { lines, ...size, codecs, bandwidth, averageBandwidth, rate: isTold ? rate : null };
}

const newestMark = ({ channel }: LiveStream): PictureMark | null => channel.head.latest()?.pictures?.at(-1) ?? null;

/** The first pictures that come; null once sound has come without any. */
async function askedFor(
  pictures: LiveStream,
  { limits }: Request,
  baton: Baton,
  { meter }: Notes,
  signal: AbortSignal,
): Promise<PictureMark | null> {
  const until = performance.now() + PATIENCE_MS;
  const held = limits.isBilledByTime ? pictures.hold() : null;
  if (held === null) pictures.attend(ATTENDED_MS);
  const isWithout = (): boolean => pictures.runs().length > 0 && isOn(pictures, baton.now());
  try {
    for (;;) {
      const mark = newestMark(pictures);
      if (mark !== null || isWithout() || performance.now() > until) return mark;
      const failed = pictures.failure();
      if (failed !== null) throw failed;
      await sleep(WAKE_MS, undefined, { signal });
    }
  } finally {
    await held?.letGo();
    if (held !== null) pictures.channel.bill.pay(meter);
  }
}
