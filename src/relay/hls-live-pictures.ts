import { BatonError } from '../errors.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { clockOf, picturePlan, trackOf, type PicturePlan } from '../live/picture-plan.ts';
import { ticksOfSamples } from '../live/picture-time.ts';
import { onChannel } from '../live/shown-span.ts';
import { videoInit } from '../media/fmp4-video.ts';
import type { Baton } from './baton.ts';
import { formatName, picturePlaylist } from './hls-live-picture-playlist.ts';
import { beginOf, pictureSegment, pictureSegments } from './hls-live-picture-segments.ts';
import { wholeChunk } from './hls-live-sound.ts';
import type { LiveTrack } from './hls-live-track.ts';

/** The pictures of a channel, of at most `lines` lines, as a track; there is an initialization section for each format. */
export function livePictures(lines: number, pictures: LiveStream, baton: Baton): LiveTrack {
  const name = { kind: 'video', height: lines } as const;
  const { head, sound } = pictures.channel;
  const { priming, sampleRate } = pictures.output.grid;
  /** Sound has its priming in front: players that go by decode times alone have both equally late. */
  const leadOf = (plan: PicturePlan): number => Math.round((priming * clockOf(plan).timescale) / sampleRate);

  async function init(version: string, signal: AbortSignal): Promise<Uint8Array> {
    const known = () => head.latest()?.pictures?.find((mark) => formatName(mark, pictures) === version);
    if (known() === undefined) await head.read(signal);
    const mark = known();
    if (mark === undefined) throw new BatonError('NOT_FOUND', `no pictures of format ${version}`);
    const plan = picturePlan(mark.facts, lines);
    const deps = { engine: baton.engine, store: baton.kept };
    const track = await trackOf(plan, mark.facts, deps, signal);
    return videoInit({ ...track, mediaTime: leadOf(plan) });
  }

  async function* pieces(index: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const segment = pictureSegment(index, pictures);
    if (segment === null) throw new BatonError('SEGMENT_GONE', `pictures of segment ${index}`);
    const plan = picturePlan(segment.mark.facts, lines);
    for (const chunk of segment.chunks)
      yield* onChannel(await wholeChunk(chunk, pictures, signal), clockOf(plan), leadOf(plan));
  }

  return {
    ...{ name, type: 'video/mp4', stream: pictures, init, pieces },
    segments: (runs) => pictureSegments(pictures, runs),
    isBehind: (runs) => {
      const end = pictureSegments(pictures, runs)?.end ?? -1;
      return end >= 0 && ticksOfSamples(sound.known()) > beginOf(end + 1);
    },
    playlist: (runs, hasDvr) => picturePlaylist(name, pictures, runs, hasDvr),
    missing: () => {
      const isKnown = (head.latest()?.pictures?.length ?? 0) > 0;
      return new BatonError(isKnown ? 'SOURCE_TIMEOUT' : 'SOURCE_NO_VIDEO', 'no segment of pictures in time');
    },
  };
}
