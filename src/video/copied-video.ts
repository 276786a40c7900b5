import type { EncodeMeter } from '../encode/output.ts';
import { linesOf, type Picture } from '../grid/picture.ts';
import { avcCodecs } from '../media/avc.ts';
import { picturesIn, videoFragment, type VideoSample, type VideoTrack } from '../media/fmp4-video.ts';
import type { Milliseconds } from '../units.ts';
import type { Film, FilmCuts } from './film.ts';
import type { OfferedVideo } from './offered.ts';

const FRAGMENT: Milliseconds = 500;
/** Of what boxes add. */
const BOXES = 1.02;

/** The pictures of a film as they are, in fragments. */
export function copiedVideo(film: Film, cuts: FilmCuts, shown: Picture, version: string): OfferedVideo {
  const { config, width, height, pixelAspect, rate } = film.facts;
  const { pieces, timescale, mediaTime } = cuts;
  const [, profile = 0, constraints = 0, level = 0] = config ?? [];
  const bits = pieces.map(({ bytes, duration }) => (bytes * 8) / duration);
  const whole = pieces.reduce((sum, { bytes }) => sum + bytes * 8, 0);
  const perFragment = picturesIn(FRAGMENT, rate);
  const duration = Math.round(film.duration * timescale);
  const coding = { config: config ?? new Uint8Array(), width, height, pixelAspect };
  const track: VideoTrack = { timescale, duration, mediaTime, ...coding };

  async function* make(index: number, meter: EncodeMeter, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    let decodeTime = pieces[index]?.decodeTime ?? 0;
    let pending: VideoSample[] = [];
    const flush = (): Uint8Array => {
      const samples = pending;
      const fragment = videoFragment({ sequence: decodeTime + 1, decodeTime, samples });
      pending = [];
      decodeTime += samples.reduce((sum, { duration }) => sum + duration, 0);
      return fragment;
    };
    for await (const picture of cuts.read(index, signal, meter)) {
      pending.push(picture);
      if (pending.length === perFragment) yield flush();
    }
    if (pending.length > 0) yield flush();
  }

  return {
    ...{ lines: linesOf(shown), width: Math.round(shown.width), height: Math.round(shown.height), rate },
    codecs: avcCodecs(profile, constraints, level),
    bandwidth: Math.max(...bits) * BOXES,
    averageBandwidth: (whole / film.duration) * BOXES,
    durations: pieces.map(({ duration }) => duration),
    key: null,
    version,
    track: () => Promise.resolve(track),
    segment: (index) => (meter, signal) => make(index, meter, signal),
  };
}
