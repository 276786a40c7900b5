import { type CodedRendition } from '../grid/rendition.ts';
import { layTimeline, type Span, type Timeline } from '../grid/timeline.ts';
import { formatPlace, trackId, type TrackName } from '../hls/place.ts';
import type { Multivariant } from '../hls/write-multivariant.ts';

/**
 * The multivariant playlist of a link with this name, whose places its addresses are. The length of the source need not
 * be known.
 */
export function multivariantOf(audio: readonly CodedRendition[], source: Span, name: string): Multivariant {
  const renditions = audio.map((rendition) => {
    const track: TrackName = { kind: 'audio', kbps: rendition.kbps };
    return { track, id: trackId(track), timeline: layTimeline(rendition, source) };
  });
  return {
    audio: renditions.map(({ id, timeline: { channels } }) => ({ id, name: 'Audio', channels, uri: null })),
    variants: renditions.map(({ track, id, timeline }) => ({
      uri: `${name}/${formatPlace({ track, part: { kind: 'playlist' } })}`,
      ...rateOf(timeline),
      codecs: [timeline.codec === 'aac' ? 'mp4a.40.2' : 'Opus'],
      audio: id,
    })),
  };
}

/** Of a segment with its boxes. The encoder of AAC keeps its rate on average alone. */
function rateOf({ kbps, frameBytes }: Timeline): { bandwidth: number; averageBandwidth: number } {
  const averageBandwidth = (kbps ?? 0) * 1000 + BOXES;
  return { averageBandwidth, bandwidth: frameBytes === null ? averageBandwidth * AAC_PEAK : averageBandwidth };
}

const BOXES = 4_000;
const AAC_PEAK = 1.2;
