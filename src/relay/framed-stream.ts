import type { Ends } from '../encode/play-chunks.ts';
import { playFrames } from '../encode/play-frames.ts';
import { BatonError } from '../errors.ts';
import type { Timeline } from '../grid/timeline.ts';
import { initSegment, type Track } from '../media/fmp4.ts';
import type { Link } from '../sign/link.ts';
import { resumeToken, shortVersion } from '../sign/resume-token.ts';
import type { Kbps, Milliseconds, Samples } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import type { Place } from './framed-place.ts';
import { frameRuns } from './frames.ts';
import { besidePictures, cutAtSegment, type FramedPictures } from './framed-pictures.ts';
import type { LegParts } from './leg-body.ts';
import type { MetadataEvent, StartEvent, StreamEvent } from './leg-events.ts';
import { legWriter } from './leg-writer.ts';
import { resumedLeg, secondsAt, soughtLeg, wholeLeg, type Leg } from './leg.ts';
import type { ResponseLimits } from './reply.ts';
import type { OfferedVideo } from '../video/offered.ts';
import type { VirtualFile } from './virtual-file.ts';

/** A framed stream that is asked for. */
export interface Asked {
  readonly wanted: VirtualFile;
  readonly place: Place;
  readonly link: Link;
  readonly limits: ResponseLimits;
  readonly baton: Baton;
  readonly notes: Notes;
  /** Null: sound alone. */
  readonly pictures: FramedPictures | null;
}

/** What the body that answers has to be made of. Nothing is read or encoded before its frames are asked for. */
export function legParts({ wanted, place, link, limits, baton, notes, pictures }: Asked): LegParts {
  const timeline = timelineOf(wanted);
  const track = trackOf(timeline);
  const version = shortVersion(wanted.source.record.version);
  const isWhole = place.kind === 'start' && limits.collectMs === null;
  const legMs = isWhole
    ? null
    : Math.min(baton.config.legMs, millisecondsIn(limits, track.kbps + (pictures?.video.bandwidth ?? 0) / 1000));
  const asked = legAt(place, timeline, legMs);
  const leg = pictures === null || legMs === null ? asked : cutAtSegment(asked, timeline, pictures.video);
  const writer = legWriter(leg, timeline, track, (frame) => resumeToken({ frame, version }, link, baton.keys));
  const from = secondsAt(timeline, leg.from);
  const events: StreamEvent[] = [startOf(leg, timeline, track, version, legMs, pictures)];
  if (place.kind !== 'resume') events.push(metadataOf(wanted));
  else if (place.version !== version)
    events.push({ type: 'discontinuity', time: from, missingMs: 0, why: 'source-changed' });
  const head = initSegment(track, isWhole ? wanted.tags : undefined, pictures?.track);
  const parts: LegParts = {
    ...{
      opening: [head, ...events.map((event) => writer.say(event))],
      writer,
      from,
    },
    frames: (ends) =>
      timeline.frames === null
        ? frameRuns(wanted, leg.first, baton, notes, ends)
        : playFrames(outputOf(wanted), { from: leg.first, to: leg.to }, baton, notes.meter, ends),
    samples: (ends) => samplesOf(wanted, baton, notes, ends),
    isStopping: () => baton.admission.isClosed(),
  };
  return pictures === null ? parts : besidePictures(parts, leg, timeline, pictures, baton, notes);
}

const outputOf = ({ frames }: VirtualFile) => {
  if (frames.kind === 'encoded') return frames.output;
  throw new BatonError('INTERNAL', 'frames of a source are not on the grid');
};

const timelineOf = (wanted: VirtualFile): Timeline => outputOf(wanted).timeline;

/** How the frames of a timeline are muxed. @throws INTERNAL for what does not go into fragments */
export function trackOf({ codec, channels, priming, kbps, frameSamples, samples }: Timeline): Track {
  if ((codec !== 'aac' && codec !== 'opus') || kbps === null) throw new BatonError('INTERNAL', `${codec} in fragments`);
  return { codec, channels, priming, kbps, frameSamples, duration: samples };
}

/** How much sound fits into a response that is sent as one piece; AAC may take a little more than its rate. */
const millisecondsIn = ({ collectMs, partBytes }: ResponseLimits, kbps: Kbps): Milliseconds =>
  collectMs === null ? Infinity : (partBytes * 8) / (kbps * 1.5);

function legAt(place: Place, timeline: Timeline, legMs: Milliseconds | null): Leg {
  if (legMs === null) return wholeLeg(timeline);
  if (place.kind === 'time') return soughtLeg(timeline, place.ms, legMs);
  return resumedLeg(timeline, place.kind === 'resume' ? place.frame : 0, legMs);
}

function startOf(
  leg: Leg,
  timeline: Timeline,
  track: Track,
  version: string,
  legMs: Milliseconds | null,
  pictures: FramedPictures | null,
): StartEvent {
  return {
    type: 'start',
    time: secondsAt(timeline, leg.from),
    frame: leg.from,
    duration: timeline.samples === null ? null : timeline.samples / timeline.sampleRate,
    codec: [...(pictures ? [pictures.video.codecs] : []), track.codec === 'aac' ? 'mp4a.40.2' : 'Opus'].join(','),
    bitrate: track.kbps * 1000 + Math.round(pictures?.video.averageBandwidth ?? 0),
    version,
    legSeconds: legMs === null ? null : legMs / 1000,
    ...(pictures && { video: sizeOf(pictures.video) }),
  };
}

const sizeOf = ({ width, height, rate }: OfferedVideo): NonNullable<StartEvent['video']> => ({
  width,
  height,
  frameRate: rate,
});

function metadataOf({ tags: { title, artist, album, chapters } }: VirtualFile): MetadataEvent {
  return {
    type: 'metadata',
    ...(title === undefined ? {} : { title }),
    ...(artist === undefined ? {} : { artist }),
    ...(album === undefined ? {} : { album }),
    chapters: chapters.map(({ startMs, endMs, title }) => ({ start: startMs / 1000, end: endMs / 1000, title })),
  };
}

/** The length of the whole, which is known for certain when its last frame has come. */
async function samplesOf(wanted: VirtualFile, baton: Baton, { meter }: Notes, { signal }: Ends): Promise<Samples> {
  const known = timelineOf(wanted).samples;
  if (known !== null) return known;
  const measured = wanted.measuredBy(await baton.sources.indexed(wanted.source, signal, meter));
  return timelineOf(measured).samples ?? 0;
}
