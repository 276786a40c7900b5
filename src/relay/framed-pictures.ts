import type { Ends } from '../encode/play-chunks.ts';
import { BatonError } from '../errors.ts';
import type { Timeline } from '../grid/timeline.ts';
import { fragmentsIn, type VideoTrack } from '../media/fmp4-video.ts';
import type { Source } from '../source/record.ts';
import type { Frames, Milliseconds, Seconds } from '../units.ts';
import type { OfferedVideo } from '../video/offered.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { videoSegment, videosOf } from './hls-video.ts';
import type { LegParts } from './leg-body.ts';
import type { LegWriter } from './leg-writer.ts';
import { secondsAt, type Leg } from './leg.ts';
import type { Request } from './reply.ts';

/** The pictures that a framed stream has beside its sound. */
export interface FramedPictures {
  readonly video: OfferedVideo;
  readonly track: VideoTrack;
}

/**
 * Pictures of at most `lines` lines, else the smallest there are. Throws SOURCE_NO_VIDEO, and OPTIONS_INVALID for a part
 * of a source.
 */
export async function framedPictures(
  source: Source,
  lines: number,
  { startMs, endMs }: { readonly startMs: Milliseconds; readonly endMs: Milliseconds | null },
  request: Request,
  baton: Baton,
  notes: Notes,
): Promise<FramedPictures> {
  if (startMs > 0 || endMs !== null) throw new BatonError('OPTIONS_INVALID', 'pictures of a part of a source');
  const videos = await videosOf(source, { startMs, endMs }, request, baton, notes);
  const video = videos.find((one) => one.lines <= lines) ?? videos.at(-1);
  if (video === undefined) throw new BatonError('SOURCE_NO_VIDEO', source.url);
  return { video, track: await video.track(request.signal) };
}

/** A source without sound as one whose sound is silence, as long as its pictures. Throws as `Films.open`. */
export async function withSilence(source: Source, request: Request, baton: Baton, { meter }: Notes): Promise<Source> {
  const { duration } = await baton.films.open(source, request.signal, meter);
  const { record } = source;
  return { ...source, record: { ...record, samples: Math.round(duration * record.sampleRate) } };
}

/** The leg, if it is not the last one, ended where a segment of the pictures begins: the next one decodes from there. */
export function cutAtSegment(leg: Leg, timeline: Timeline, { durations }: OfferedVideo): Leg {
  if (leg.to >= (timeline.frames ?? Infinity)) return leg;
  const from = secondsAt(timeline, leg.from);
  const most = secondsAt(timeline, leg.to);
  let [start, cut] = [0, 0];
  for (const duration of durations) {
    start += duration;
    if (start > from + SHORTEST && (cut === 0 || start <= most)) cut = start;
  }
  if (cut === 0) return leg;
  const { sampleRate, frameSamples, priming, chunkFrames } = timeline;
  const to = Math.min(timeline.frames ?? Infinity, Math.ceil((cut * sampleRate + priming) / frameSamples));
  return { ...leg, to, closingAt: to === timeline.frames ? Infinity : Math.max(leg.first, to - chunkFrames) };
}

/** No leg is shorter. */
const SHORTEST: Seconds = 1;
/** Sound that stands together between pictures. */
const RUN: Frames = 24;

/** The parts of a leg of sound, with the pictures that go with it in between: each before the sound it is shown with. */
export function besidePictures(
  parts: LegParts,
  leg: Leg,
  timeline: Timeline,
  pictures: FramedPictures,
  baton: Baton,
  { meter }: Notes,
): LegParts {
  const queue: Uint8Array[] = [];
  let shown: Shown | null = null;

  /** Takes in the pictures up to a time. */
  async function reach(time: Seconds, { signal }: Ends): Promise<void> {
    shown ??= shownFrom(pictures, secondsAt(timeline, leg.from), baton, meter, signal);
    queue.push(...(await shown.until(time)));
  }

  async function* frames(ends: Ends): AsyncGenerator<readonly Uint8Array[], void> {
    let next = leg.first;
    try {
      for await (const run of parts.frames(ends))
        for (let at = 0; at < run.length; at += RUN) {
          const part = run.slice(at, at + RUN);
          next += part.length;
          await reach(secondsAt(timeline, Math.min(next, leg.to)) - timeline.frameSamples / timeline.sampleRate, ends);
          yield part;
        }
    } finally {
      await shown?.stop();
    }
  }

  const behind = (pieces: readonly Uint8Array[]): readonly Uint8Array[] => [...queue.splice(0), ...pieces];
  const { writer } = parts;
  const mixed: LegWriter = {
    ...writer,
    take: (run) => behind(writer.take(run)),
    beat: () => behind(writer.beat()),
    endOfStream: (samples) => behind(writer.endOfStream(samples)),
    endOfLeg: () => behind(writer.endOfLeg()),
    fail: (error) => behind(writer.fail(error)),
  };
  return {
    ...parts,
    writer: mixed,
    frames,
    samples: async (ends) => {
      await reach(Infinity, ends);
      return await parts.samples(ends);
    },
  };
}

interface Shown {
  /** The fragments that are needed before `time`, without those given before. */
  until(time: Seconds): Promise<readonly Uint8Array[]>;
  stop(): Promise<void>;
}

/** Fragments of pictures from the segment on in which `from` lies. */
function shownFrom(
  { video, track }: FramedPictures,
  from: Seconds,
  baton: Baton,
  meter: Notes['meter'],
  signal: AbortSignal,
): Shown {
  let index = 0;
  for (let end = video.durations[0] ?? 0; index + 1 < video.durations.length && end <= from + ALMOST;)
    end += video.durations[++index] ?? 0;
  const fragments = allFrom({ video, track }, index, baton, meter, signal);
  let ahead: Timed | null = null;
  return {
    until: async (time) => {
      const given: Uint8Array[] = [];
      for (;;) {
        const next: Timed | null = ahead ?? (await nextOf(fragments));
        ahead = next;
        if (next === null || next.at >= time) return given;
        given.push(next.bytes);
        ahead = null;
      }
    },
    stop: async () => void (await fragments.return()),
  };
}

interface Timed {
  readonly bytes: Uint8Array;
  /** When it is decoded; of the first one of a segment, when that begins. */
  readonly at: Seconds;
}

const nextOf = async (fragments: AsyncGenerator<Timed, void>): Promise<Timed | null> => {
  const next = await fragments.next();
  return next.done === true ? null : next.value;
};

async function* allFrom(
  { video, track }: FramedPictures,
  first: number,
  baton: Baton,
  meter: Notes['meter'],
  signal: AbortSignal,
): AsyncGenerator<Timed, void> {
  let start: Seconds = video.durations.slice(0, first).reduce((sum, duration) => sum + duration, 0);
  for (let index = first; index < video.durations.length; index++) {
    let least = start; // pictures may be decoded before their segment begins, which is of no use to the leg before it
    for await (const piece of videoSegment(video, index, baton, meter, signal))
      for (const { bytes, decodeTime } of fragmentsIn(piece)) {
        yield { bytes, at: Math.max(least, (decodeTime - (track.mediaTime ?? 0)) / track.timescale) };
        least = 0;
      }
    start += video.durations[index] ?? 0;
  }
}

/** Of times that are equal but for rounding. */
const ALMOST: Seconds = 0.001;
