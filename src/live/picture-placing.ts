import { CHANNEL_RATE } from '../grid/live.ts';
import type { LivePicture } from '../intake/intake.ts';
import type { Milliseconds } from '../units.ts';
import type { Epoch } from './epoch.ts';
import type { HeadFile } from './head-file.ts';
import { oldestOf } from './head.ts';
import { isMarked, withMark } from './picture-mark.ts';
import { DECODED_AHEAD } from './picture-plan.ts';
import { samplesOfTicks, ticksOf, ticksOfSamples } from './picture-time.ts';
import { clockOf, type Receiver } from './receiver.ts';
import type { ChannelPicture, Reel } from './reel.ts';

/** What placing pictures takes. */
export interface PicturePlacingDeps {
  readonly head: HeadFile;
  readonly reel: Reel;
  /** Unix time. */
  readonly now: () => Milliseconds;
  readonly dvrMs: Milliseconds;
}

/** A source that is not heard is not waited for: its pictures of longer are thrown away. */
const MOST_WAITING = 1_000;

/** Pictures that came before it is known where they belong; null: nobody wants them. */
export function waiting(receiver: Receiver, pictures: readonly LivePicture[] | null): void {
  receiver.pictures = [...receiver.pictures, ...(pictures ?? [])];
  if (pictures !== null && receiver.pictures.length <= MOST_WAITING) return;
  receiver.pictures = [];
  receiver.isPictureCut = true;
}

/**
 * Shows the pictures of a receiver whose sound has its place in `epoch`, with that sound: what is at one time on the clock
 * of the connection is at one time on the channel, whoever receives it. The head says first how they are decoded.
 */
export async function placePictures(
  receiver: Receiver,
  epoch: Epoch,
  { head, reel, now, dvrMs }: PicturePlacingDeps,
  signal: AbortSignal,
): Promise<void> {
  const { next, pictures, pictureFacts } = receiver;
  if (next === null || pictureFacts === null || pictures.length === 0) return;
  receiver.pictures = [];
  const offset = epoch.at / CHANNEL_RATE + (next - epoch.lead) / epoch.format.sampleRate - clockOf(receiver);
  const all = pictures.map(({ bytes, decodedAt, shownAt, isKey }): ChannelPicture => {
    return { bytes, decodedAt: ticksOf(decodedAt + offset), shownAt: Math.max(0, ticksOf(shownAt + offset)), isKey };
  });
  const placed = all.filter(({ decodedAt }) => decodedAt >= 0 - DECODED_AHEAD);
  const key = placed.find(({ isKey }) => isKey);
  const mark = { epoch: epoch.id, facts: pictureFacts };
  if (key !== undefined && !isMarked(head.latest()?.pictures ?? [], mark)) {
    const full = { ...mark, at: samplesOfTicks(key.shownAt), shownAt: key.shownAt };
    await head.update(
      (known) =>
        known && isMarked(known.pictures ?? [], mark)
          ? known
          : known && { ...known, pictures: withMark(known.pictures ?? [], full, oldestOf(known, now(), dvrMs)) },
      signal,
    );
  }
  const isBroken = receiver.isPictureCut || placed.length < all.length;
  receiver.isPictureCut = false;
  reel.add(placed, { facts: pictureFacts, epoch: epoch.id, epochAt: ticksOfSamples(epoch.at), isBroken });
}
