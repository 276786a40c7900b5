import type { EncodeMeter } from '../encode/output.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import type { PictureFormat } from '../ffmpeg/picture-args.ts';
import { ladderOf, layPictures, linesOf, shownAt, type Picture, type Rung } from '../grid/picture.ts';
import { avcCodecs, writeAvcConfig, type Colour } from '../media/avc.ts';
import { picturesIn, videoFragment, videoInit, type VideoSample, type VideoTrack } from '../media/fmp4-video.ts';
import type { Store } from '../store/store.ts';
import { shortHash } from '../source/record.ts';
import type { Milliseconds, Seconds } from '../units.ts';
import { encodePictures, encodeSets, type ParameterSets } from './encode-pictures.ts';
import type { Film, FilmCuts, FilmFacts } from './film.ts';
import type { MakeSegment } from './segments.ts';

/** One rendition of the pictures of a source: the source's own, or coded anew. */
export interface OfferedVideo extends Picture {
  /** What it is called. */
  readonly lines: number;
  /** Frames a second. */
  readonly rate: number;
  /** RFC 6381. */
  readonly codecs: string;
  /** Bits a second: of the segment with most, and of all together. */
  readonly bandwidth: number;
  readonly averageBandwidth: number;
  /** How long each segment is; together as long as the film. */
  readonly durations: readonly Seconds[];
  /** Store key of its segments, without the index; null where they are the source's own, and are not kept. */
  readonly key: string | null;
  /** What comes before any segment. */
  init(signal: AbortSignal): Promise<Uint8Array>;
  /** Fragments of segment `index` as they are made; the same bytes each time. */
  segment(index: number): MakeSegment;
}

/** What renditions are made with. */
export interface VideoDeps {
  readonly engine: Engine;
  readonly store: Store;
}

// Raised when a change alters the bytes of segments.
const LAYOUT = 'baton-video-1';
const TRACK = 1;
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

/** What is offered of a film, the largest first; `version` is that of its source. */
export function offeredVideo(film: Film, version: string, deps: VideoDeps): readonly OfferedVideo[] {
  const shown = shownAs(film.facts);
  const own = film.cuts && copied(film, film.cuts, shown);
  const rungs = ladderOf(shown, film.facts.rate).filter(({ lines }) => own === null || lines < own.lines);
  return [...(own === null ? [] : [own]), ...rungs.map((rung) => coded(film, rung, version, deps))];
}

/** In square pixels, the right way up. */
function shownAs({ width, height, pixelAspect: [across, up], rotation }: FilmFacts): Picture {
  const wide = across >= up ? { width: (width * across) / up, height } : { width, height: (height * up) / across };
  const isTurned = rotation === 90 || rotation === 270;
  return isTurned ? { width: wide.height, height: wide.width } : wide;
}

function coded(film: Film, rung: Rung, version: string, { engine, store }: VideoDeps): OfferedVideo {
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
      yield videoFragment({ sequence: next + 1, decodeTime: ticksAt(next), samples }, TRACK);
      next += samples.length;
      samples = [];
    }
  }

  return {
    ...{ lines: rung.lines, width: rung.width, height: rung.height, rate: num / den, key },
    codecs: avcCodecs(HIGH, 0, rung.level),
    bandwidth: rung.maxKbps * 1000 * PEAK,
    averageBandwidth: rung.maxKbps * 1000 * USUAL,
    durations: Array.from(
      { length: timeline.segments },
      (_, index) => shownAt(timeline, span(index).to) - shownAt(timeline, span(index).from),
    ),
    init: async (signal) => videoInit(trackOf(await sets(signal))),
    segment: (index) => (meter, signal) => make(index, meter, signal),
  };

  function trackOf({ sequence, picture }: ParameterSets): VideoTrack {
    const { width, height } = rung;
    const config = writeAvcConfig(sequence, picture);
    return { id: TRACK, timescale: num, config, width, height, duration: ticksAt(timeline.frames) };
  }
}

/** The parameter sets of a format, which take a process to find out. */
async function storedSets(
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

function copied(film: Film, cuts: FilmCuts, shown: Picture): OfferedVideo {
  const { config, width, height, pixelAspect, rate } = film.facts;
  const { pieces, timescale } = cuts;
  const [, profile = 0, constraints = 0, level = 0] = config ?? [];
  const bits = pieces.map(({ bytes, duration }) => (bytes * 8) / duration);
  const whole = pieces.reduce((sum, { bytes }) => sum + bytes * 8, 0);
  const perFragment = picturesIn(FRAGMENT, rate);
  const ticks = Math.round(film.duration * timescale);

  async function* make(index: number, meter: EncodeMeter, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    let decodeTime = pieces[index]?.decodeTime ?? 0;
    let pending: VideoSample[] = [];
    const flush = (): Uint8Array => {
      const samples = pending;
      const fragment = videoFragment({ sequence: decodeTime + 1, decodeTime, samples }, TRACK);
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
    bandwidth: Math.max(...bits) * PEAK_OF_BOXES,
    averageBandwidth: (whole / film.duration) * PEAK_OF_BOXES,
    durations: pieces.map(({ duration }) => duration),
    key: null,
    init: () =>
      Promise.resolve(
        videoInit({
          id: TRACK,
          timescale,
          config: config ?? new Uint8Array(),
          width,
          height,
          pixelAspect,
          duration: ticks,
        }),
      ),
    segment: (index) => (meter, signal) => make(index, meter, signal),
  };
}

const PEAK_OF_BOXES = 1.02;

function colourOf(facts: FilmFacts): PictureFormat['colour'] {
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
