import { BatonError, hasCode } from '../errors.ts';
import type { MediaPlaylist } from '../hls/media-playlist.ts';
import type { FragmentTrack } from '../media/fragment-init.ts';
import type { Samples, Seconds } from '../units.ts';
import { isOver, shapeOf } from './hls-playlist.ts';
import type { HlsReader } from './hls-reader.ts';
import { type HlsCoding, type HlsSound, readSound } from './hls-sound.ts';
import { mainSegments } from './main-segments.ts';
import { SILENT } from './probe.ts';
import type { SourceMeter } from './reader.ts';
import { type HlsFacts, type ProbeRecord, shortHash, versionOf } from './record.ts';

/** A day of segments of four seconds. */
const MOST_SEGMENTS = 21_600;
/** Segments at its beginning that may be missing or damaged. */
const MOST_TRIED = 4;
/** Longer ones are a mistake. */
const LONGEST_PRIMING: Seconds = 1;

/**
 * The record of the source `url` whose sound is in `media`, from its first segment. Its length is known when all of them
 * have been read.
 * @throws SOURCE_LIVE for a playlist that is not over, SOURCE_EMPTY, SOURCE_TOO_LARGE, and what reading segments does
 */
export async function probeHls(
  url: string,
  media: MediaPlaylist,
  reader: HlsReader,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<ProbeRecord> {
  if (!isOver(media)) throw new BatonError('SOURCE_LIVE', url);
  if (media.segments.length === 0) throw new BatonError('SOURCE_EMPTY', url);
  if (media.segments.length > MOST_SEGMENTS)
    throw new BatonError('SOURCE_TOO_LARGE', `${media.segments.length} segments`);
  const { bytes, sound, track } = await firstSound(media, reader, signal, meter);
  const { coding } = sound;
  const shape = shapeOf(media);
  const seen = { size: null, headHash: shape, tailHash: shortHash(bytes), validator: null };
  return {
    ...{ ...seen, version: versionOf(url, seen), container: 'hls' },
    ...{ codec: coding.codec, sampleRate: coding.sampleRate, channels: coding.channels },
    decoderConfig: coding.decoderConfig && Buffer.from(coding.decoderConfig).toString('base64'),
    ...{ samples: null, skip: skipOf(media, track, sound), mp3: null, pcm: null },
    stream: { audio: { start: 0, end: 0 }, track: 0, origin: 0, tickSamples: 1, grain: coding.frameSamples },
    hls: {
      ...{ shape, core: coding.core, frameSamples: coding.frameSamples },
      silence: coding.silence && Buffer.from(coding.silence).toString('base64'),
    },
    tags: { chapters: [] },
  };
}

/** The record of a playlist of pictures alone. */
export function silentHlsRecord(url: string, shape: string): ProbeRecord {
  const seen = { size: null, headHash: shape, tailHash: null, validator: null };
  const hls = { shape, core: '', frameSamples: 1, silence: null };
  return { ...SILENT, ...seen, version: versionOf(url, seen), container: 'hls', hls };
}

/** How the segments of a source are decoded, as its record says. */
export const hlsCodingOf = (record: ProbeRecord, { core, frameSamples, silence }: HlsFacts): HlsCoding => ({
  codec: record.codec as HlsCoding['codec'],
  ...{ sampleRate: record.sampleRate, channels: record.channels, core, frameSamples },
  decoderConfig: record.decoderConfig === null ? null : Buffer.from(record.decoderConfig, 'base64'),
  silence: silence === null ? null : Buffer.from(silence, 'base64'),
});

interface FirstSound {
  readonly bytes: Uint8Array;
  readonly sound: HlsSound;
  readonly track: FragmentTrack | null;
}

async function firstSound(
  media: MediaPlaylist,
  reader: HlsReader,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<FirstSound> {
  let failure: unknown = new BatonError('SOURCE_DAMAGED', 'no segment that is not a gap');
  for (const number of mainSegments(media.segments).slice(0, MOST_TRIED)) {
    const segment = media.segments[number];
    if (segment === undefined) break;
    try {
      const bytes = await reader.segment(segment, signal, meter);
      const track = await reader.track(segment, signal, meter);
      return { bytes, track, sound: await readSound(bytes, { track, carry: new Uint8Array(), known: null }) };
    } catch (error) {
      if (!hasCode(error, 'SOURCE_MISSING', 'SOURCE_DAMAGED')) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** What an edit list leaves out before the sound, if that begins where the first segment does. */
function skipOf({ segments }: MediaPlaylist, track: FragmentTrack | null, { packets, coding }: HlsSound): Samples {
  if (track === null || segments.some(({ discontinuity, gap }) => discontinuity || gap)) return 0;
  const priming = track.start / track.timescale - (packets[0]?.at ?? 0);
  return priming > 0 && priming <= LONGEST_PRIMING ? Math.round(priming * coding.sampleRate) : 0;
}
