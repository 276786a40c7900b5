import type { Timeline } from '../grid/timeline.ts';
import { formatPlace, trackId } from '../hls/place.ts';
import type { Multivariant } from '../hls/write-multivariant.ts';
import type { AudioTrack } from './hls-audio.ts';

/** The multivariant playlist of a link with this name, whose places its addresses are. */
export function multivariantOf(tracks: readonly AudioTrack[], name: string): Multivariant {
  return {
    audio: tracks.map(({ name: track, timeline: { channels } }) => ({
      ...{ id: trackId(track), name: 'Audio', channels, uri: null },
    })),
    variants: tracks.map(({ name: track, timeline }) => ({
      uri: `${name}/${formatPlace({ track, part: { kind: 'playlist' } })}`,
      ...rateOf(timeline),
      codecs: [timeline.codec === 'aac' ? 'mp4a.40.2' : 'Opus'],
      audio: trackId(track),
    })),
  };
}

/** Of a segment with its boxes. The encoder of AAC keeps its rate on average alone. */
function rateOf({ kbps, frameBytes }: Timeline): { bandwidth: number; averageBandwidth: number } {
  const averageBandwidth = (kbps ?? 0) * 1000 + BOXES;
  return { averageBandwidth, bandwidth: frameBytes === null ? averageBandwidth * AAC_PEAK : averageBandwidth };
}

const BOXES = 3_000;
const AAC_PEAK = 1.2;
