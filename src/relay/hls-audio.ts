import { playFrames } from '../encode/play-frames.ts';
import { BatonError } from '../errors.ts';
import { formatRendition, type CodedRendition } from '../grid/rendition.ts';
import type { Timeline } from '../grid/timeline.ts';
import { initSegment } from '../media/fmp4.ts';
import type { Tags } from '../media/tags.ts';
import type { Source } from '../source/record.ts';
import type { Frames, Milliseconds, Seconds } from '../units.ts';
import type { Baton } from './baton.ts';
import { etagOf } from './file-identity.ts';
import { trackOf } from './framed-stream.ts';
import { fragments } from './hls-fragments.ts';
import type { HlsTrack } from './hls-track.ts';

/** Of all that is said of a file only the priming, which some readers do not learn from an edit: see `userData`. */
const BARE: Tags = { chapters: [] };
const SEGMENT_MS: Milliseconds = 4_800;

/** A rendition as a track. The length of `source` has to be known. @throws TRIM_OUT_OF_RANGE */
export function audioTrack(source: Source, rendition: CodedRendition, baton: Baton): HlsTrack {
  const options = formatRendition(rendition);
  const { frames: content } = baton.files(source, options, 'mp4');
  if (content.kind !== 'encoded') throw new BatonError('INTERNAL', `${rendition.codec} is not on the grid`);
  const { output } = content;
  const { timeline } = output;
  const track = trackOf(timeline);
  return {
    name: { kind: 'audio', kbps: rendition.kbps },
    type: 'audio/mp4',
    version: source.record.version,
    ends: segmentEnds(timeline),
    tag: etagOf(source.record.version, timeline.samples, options, baton.engine.id, 'hls'),
    init: () => initSegment(track, BARE),
    segment: (index, { meter }, ends) => {
      const range = segmentRange(timeline, index);
      return fragments(playFrames(output, range, baton, meter, ends), range.from, timeline, track);
    },
  };
}

/** Whole chunks of the grid. */
const framesIn = ({ chunkFrames, frameSamples, sampleRate }: Timeline): Frames =>
  chunkFrames * Math.max(1, Math.round((SEGMENT_MS * sampleRate) / 1000 / (chunkFrames * frameSamples)));

function segmentRange(timeline: Timeline, index: number): { readonly from: Frames; readonly to: Frames } {
  const size = framesIn(timeline);
  return { from: index * size, to: Math.min(timeline.frames ?? 0, (index + 1) * size) };
}

/** The first segment has the priming in front, which is not heard. */
function segmentEnds(timeline: Timeline): readonly Seconds[] {
  const { frames, samples, frameSamples, priming, sampleRate } = timeline;
  const size = framesIn(timeline);
  const count = Math.ceil((frames ?? 0) / size);
  const endOf = (index: number): Seconds =>
    Math.min(samples ?? 0, (index + 1) * size * frameSamples - priming) / sampleRate;
  return Array.from({ length: count }, (_, index) => endOf(index));
}
