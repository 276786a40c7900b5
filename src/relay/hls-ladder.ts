import { type CodedRendition } from '../grid/rendition.ts';
import { layTimeline, type Span, type Timeline } from '../grid/timeline.ts';
import { formatPlace, trackId, type TrackName } from '../hls/place.ts';
import type { Multivariant } from '../hls/write-multivariant.ts';
import type { OfferedVideo } from '../video/offered.ts';

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
      codecs: [codecOf(timeline)],
      audio: id,
    })),
  };
}

/** What a playlist tells of pictures. */
export interface ShownVideo extends Pick<
  OfferedVideo,
  'lines' | 'width' | 'height' | 'codecs' | 'bandwidth' | 'averageBandwidth'
> {
  /** Frames a second; null where nothing tells. */
  readonly rate: number | null;
}

/**
 * The same of a film, whose sound is a rendition beside the pictures, the same for all; null: it has none. Players begin
 * with the first variant, which most lines and screens are good for.
 */
export function filmMultivariant(
  rendition: CodedRendition | null,
  videos: readonly ShownVideo[],
  source: Span,
  name: string,
): Multivariant {
  const track: TrackName = { kind: 'audio', kbps: rendition?.kbps ?? 0 };
  const timeline = rendition ? layTimeline(rendition, source) : null;
  const sound = timeline && { id: trackId(track), timeline, codec: codecOf(timeline), ...rateOf(timeline) };
  const playlistOf = (of: TrackName): string => `${name}/${formatPlace({ track: of, part: { kind: 'playlist' } })}`;
  const first = videos.find(({ lines }) => lines <= FIRST_LINES) ?? videos.at(-1);
  const inOrder = videos.toSorted((a, b) => Number(b === first) - Number(a === first));
  const group = sound && {
    ...{ id: sound.id, name: 'Audio', channels: sound.timeline.channels, uri: playlistOf(track) },
  };
  return {
    audio: group ? [group] : [],
    variants: inOrder.map(({ lines, width, height, rate, codecs, bandwidth, averageBandwidth }) => ({
      uri: playlistOf({ kind: 'video', height: lines }),
      bandwidth: bandwidth + (sound?.bandwidth ?? 0),
      averageBandwidth: averageBandwidth + (sound?.averageBandwidth ?? 0),
      codecs: [codecs, ...(sound ? [sound.codec] : [])],
      resolution: { width, height },
      ...(rate === null ? {} : { frameRate: rate }),
      ...(sound && { audio: sound.id }),
    })),
  };
}

const FIRST_LINES = 480;

const codecOf = ({ codec }: Timeline): string => (codec === 'aac' ? 'mp4a.40.2' : 'Opus');

/** Of a segment with its boxes. The encoder of AAC keeps its rate on average alone. */
function rateOf({ kbps, frameBytes }: Timeline): { bandwidth: number; averageBandwidth: number } {
  const averageBandwidth = (kbps ?? 0) * 1000 + BOXES;
  return { averageBandwidth, bandwidth: frameBytes === null ? averageBandwidth * AAC_PEAK : averageBandwidth };
}

const BOXES = 4_000;
const AAC_PEAK = 1.2;
