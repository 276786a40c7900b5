import { BatonError } from '../errors.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { picturePlan, trackOf } from '../live/picture-plan.ts';
import { initSegment } from '../media/fmp4.ts';
import type { Listener } from './live-body.ts';
import { encodedMuxer, soundTrack, type LiveMuxer } from './live-muxer.ts';
import { earlierStart, firstShown, markOf, pictureStart, type PictureStart } from './live-pictures.ts';
import type { LiveStart } from './live-place.ts';
import { pictureFlow, type PictureFlow } from './picture-flow.ts';

/** How a leg with pictures begins. */
export interface FilmStart {
  readonly start: LiveStart;
  readonly muxer: LiveMuxer;
  readonly flow: PictureFlow;
}

/**
 * The leg of a listener who would begin at `start`, were it sound alone: who does not come back begins where there is a key
 * picture. Throws SOURCE_NO_VIDEO, and what making pictures fails with.
 */
export async function filmFrom(
  pictures: LiveStream,
  start: LiveStart,
  { place, stream, baton }: Pick<Listener, 'place' | 'stream' | 'baton'>,
  signal: AbortSignal,
): Promise<FilmStart> {
  const { timeline, grid } = stream.output;
  const { lines } = pictures.output;
  if (timeline === null || lines === undefined) throw new BatonError('INTERNAL', 'pictures beside copied sound');
  const isResumed = place.kind === 'resume' && start.said.length === 0;
  const known = isResumed ? markOf(pictures, start.index) : null;
  const begun = async ({ index, mark }: PictureStart) => {
    const plan = picturePlan(mark.facts, lines);
    const track = await trackOf(plan, mark.facts, { engine: baton.engine, store: baton.kept }, signal);
    const shown = isResumed ? 0 : await firstShown(pictures, index, track, signal);
    return { index, mark, plan, track, shown };
  };
  const resumed = known && { index: start.index, mark: known };
  const nearest = await begun(resumed ?? (await pictureStart(pictures, start.index, signal)));
  const isLater = place.kind === 'time' && nearest.index === start.index && nearest.shown > place.ms / 1000;
  const earlier = isLater ? await earlierStart(pictures, start.index, signal) : null;
  const { index, mark, plan, track, shown } = earlier === null ? nearest : await begun(earlier);
  const sound = soundTrack(timeline);
  const muxer = encodedMuxer(timeline, sound);
  const { width, height } = plan.size;
  const video = { width, height, frameRate: Math.round(plan.rate * 1000) / 1000 };
  const from = Math.max(
    isResumed || index === start.index ? start.from : index * grid.chunkFrames,
    Math.ceil((shown * grid.sampleRate + grid.priming) / grid.frameSamples),
  );
  return {
    start: { ...start, index, from },
    muxer: {
      ...muxer,
      init: initSegment(sound, undefined, track),
      codec: `${plan.codecs},${muxer.codec === 'Opus' ? 'opus' : muxer.codec}`,
      bitrate: Math.round(muxer.bitrate + plan.bandwidth),
      video,
    },
    flow: pictureFlow(pictures, index, mark, signal),
  };
}
