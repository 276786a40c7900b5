import type { EncodeMeter } from '../encode/output.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import type { PictureFormat } from '../ffmpeg/picture-args.ts';
import { layPictures, linesOf, shownAt, type Rung } from '../grid/picture.ts';
import { avcCodecs, writeAvcConfig, type Colour } from '../media/avc.ts';
import { picturesIn, videoFragment, type VideoSample, type VideoTrack } from '../media/fmp4-video.ts';
import type { Store } from '../store/store.ts';
import { shortHash } from '../source/record.ts';
import type { Milliseconds } from '../units.ts';
import { encodePictures, encodeSets, type ParameterSets } from './encode-pictures.ts';
import type { Film, FilmFacts } from './film.ts';
import type { OfferedVideo } from './offered.ts';

/** What renditions are made with. */
export interface VideoDeps {
  readonly engine: Engine;
  readonly store: Store;
}

// Raised when a change alters the bytes of segments.
const LAYOUT = 'baton-video-3';
const FRAGMENT: Milliseconds = 500;
const HIGH = 100;
/** Boxes, and that of the buffer which a segment may begin with. */
const PEAK = 1.25;
/** What the coder takes of its most, on average. */
const USUAL = 0.9;
/** Where nothing says so: what players assume of pictures of so many lines. */
const HD_LINES = 720;
const BT709: Colour = { primaries: 1, transfer: 1, matrix: 1, isFullRange: false };
const BT601: Colour = { primaries: 6, transfer: 6, matrix: 6, isFullRange: false };
const UNSPECIFIED = 2;

/** The pictures of a film at a rung of the ladder, coded anew. */
export function codedVideo(film: Film, rung: Rung, version: string, { engine, store }: VideoDeps): OfferedVideo {
  const { num, den } = rung.rate;
  const format: PictureFormat = { ...rung, colour: colourOf(film.facts) };
  const timeline = layPictures(rung.rate, { ...film, rate: film.facts.rate });
  const perFragment = picturesIn(FRAGMENT, num / den);
  const sets = memoised((signal) => storedSets(format, engine, store, signal));
  const span = (index: number) => ({ from: timeline.startOf(index), to: timeline.startOf(index + 1) });
  const key = `chunk/${engine.id}/${shortHash(JSON.stringify([LAYOUT, version, format]))}`;

  const ticksAt = (frame: number): number => Math.round(shownAt(timeline, frame) * num);

  async function* make(index: number, meter: EncodeMeter, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const { from, to } = span(index);
    let next = from;
    let samples: VideoSample[] = [];
    const wanted = { film, timeline, from, to, format, sets: await sets(signal) };
    for await (const frame of encodePictures(wanted, engine, meter, signal)) {
      const at = next + samples.length;
      samples.push({ ...frame, duration: ticksAt(at + 1) - ticksAt(at), shownAfter: 0 });
      if (samples.length < perFragment && at + 1 < to) continue;
      yield videoFragment({ sequence: next + 1, decodeTime: ticksAt(next), samples });
      next += samples.length;
      samples = [];
    }
  }

  return {
    ...{ lines: rung.lines, width: rung.width, height: rung.height, rate: num / den, key, version },
    codecs: avcCodecs(HIGH, 0, rung.level),
    bandwidth: rung.maxKbps * 1000 * PEAK,
    averageBandwidth: rung.maxKbps * 1000 * USUAL,
    durations: Array.from(
      { length: timeline.segments },
      (_, index) => shownAt(timeline, span(index).to) - shownAt(timeline, span(index).from),
    ),
    track: async (signal) => trackOf(await sets(signal)),
    segment: (index) => (meter, signal) => make(index, meter, signal),
  };

  function trackOf({ sequence, picture }: ParameterSets): VideoTrack {
    const { width, height } = rung;
    const config = writeAvcConfig([sequence], [picture]);
    return { timescale: num, config, width, height, duration: ticksAt(timeline.frames) };
  }
}

/** The parameter sets of a format, which take a process to find out. */
export async function storedSets(
  format: PictureFormat,
  engine: Engine,
  store: Store,
  signal: AbortSignal,
): Promise<ParameterSets> {
  const key = `chunk/${engine.id}/${shortHash(JSON.stringify([LAYOUT, format]))}/sets`;
  const stored = await store.get(key, signal);
  const known = stored && setsIn(stored.bytes);
  if (known) return known;
  const sets = await encodeSets(format, engine, signal);
  const bytes = Buffer.concat([Uint8Array.of(sets.sequence.length), sets.sequence, sets.picture]);
  store.putIfAbsent(key, bytes).catch(() => undefined); // they can be made again
  return sets;
}

function setsIn(bytes: Uint8Array): ParameterSets | null {
  const end = 1 + (bytes[0] ?? 0);
  return end < bytes.length ? { sequence: bytes.subarray(1, end), picture: bytes.subarray(end) } : null;
}

export function colourOf(facts: FilmFacts): PictureFormat['colour'] {
  const usual = linesOf(facts) >= HD_LINES ? BT709 : BT601;
  const said = (point: 'primaries' | 'transfer' | 'matrix'): number => {
    const value = facts.colour?.[point] ?? UNSPECIFIED;
    return value === UNSPECIFIED || value === 0 || value > 18 ? usual[point] : value;
  };
  return { primaries: said('primaries'), transfer: said('transfer'), matrix: said('matrix') };
}

/** Asked once; again where it failed. */
function memoised<T>(find: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let known: T | null = null;
  return async (signal) => (known ??= await find(signal));
}
