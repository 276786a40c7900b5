import { BatonError, hasCode } from '../errors.ts';
import { containerBehindTags } from './frame-container.ts';
import { identify } from './identify.ts';
import { probeAdts } from './probe-adts.ts';
import { probeAiff } from './probe-aiff.ts';
import { probeFlac } from './probe-flac.ts';
import { probeMatroska } from './probe-matroska.ts';
import { probeMp3 } from './probe-mp3.ts';
import { probeMp4 } from './probe-mp4.ts';
import { probeOgg } from './probe-ogg.ts';
import { probeWav } from './probe-wav.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import type { Movie } from './movie.ts';
import type { Probed, ProbeRecord } from './record.ts';
import type { Resolved } from './resolve.ts';
import type { Bytes, Hertz, Samples, Seconds } from '../units.ts';
import type { Sample } from './sample.ts';

/**
 * The record of a source that was just resolved, and the movie that had to be opened for it. `read` keeps what it reads,
 * for the first chunk.
 *
 * Throws SOURCE_NOT_MEDIA, SOURCE_EMPTY, SOURCE_DAMAGED, SOURCE_NO_AUDIO, CODEC_UNSUPPORTED, and what reading does.
 */
export async function probe(
  found: Resolved,
  read: ReadBytes,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<{ record: ProbeRecord; movie: Movie | null }> {
  const { head, size } = found.look;
  const sample: Sample = { head, size, tail: found.tail, read, peek: found.read };
  const named = identify(head);
  const container = named === 'mp3' ? await containerBehindTags(sample, signal, meter) : named;
  const { probed, movie } = await (
    container === 'mp4'
      ? probeMp4(sample, signal, meter)
      : probeOf(container)(sample, signal, meter).then((probed) => ({ probed, movie: null }))
  ).catch((error: unknown) => {
    if (hasCode(error, 'SOURCE_NO_AUDIO') && WITH_PICTURES.includes(container)) return { probed: SILENT, movie: null };
    throw error;
  });
  if (probed.isSilent !== true) expectSound(probed, size);
  return { record: { ...(await found.identity), container, ...probed }, movie };
}

const WITH_PICTURES: readonly ProbeRecord['container'][] = ['mp4', 'matroska'];

/** Of what has no sound. */
export const SILENT: Probed = {
  ...{ codec: 'pcm_s16le', decoderConfig: null, sampleRate: 48_000, channels: 1, samples: 0, skip: 0 },
  ...{ mp3: null, pcm: null, stream: null, tags: { chapters: [] }, isSilent: true },
};

type Probe = (sample: Sample, signal: AbortSignal, meter?: SourceMeter) => Promise<Probed>;

const PROBES: Partial<Record<ProbeRecord['container'], Probe>> = {
  mp3: probeMp3,
  adts: probeAdts,
  aiff: probeAiff,
  wav: probeWav,
  flac: probeFlac,
  ogg: probeOgg,
  matroska: probeMatroska,
};

function probeOf(container: ProbeRecord['container']): Probe {
  const probe = PROBES[container];
  if (probe === undefined) throw new BatonError('CODEC_UNSUPPORTED', container);
  return probe;
}

/** What the resampler and the downmix take, and a length that so many bytes can have. */
function expectSound({ channels, sampleRate, samples, skip }: Probed, size: Bytes | null): void {
  if (!(channels >= 1 && channels <= MAX_CHANNELS)) throw new BatonError('CODEC_UNSUPPORTED', `${channels} channels`);
  if (!(sampleRate >= MIN_RATE && sampleRate <= MAX_RATE))
    throw new BatonError('CODEC_UNSUPPORTED', `${sampleRate} Hz`);
  const longest = Math.min(LONGEST, (size ?? Infinity) * DENSEST) * sampleRate;
  const isSane = (count: Samples): boolean => count >= 0 && count <= longest;
  if (!isSane(skip) || !isSane(samples ?? 0)) throw new BatonError('SOURCE_DAMAGED', `${samples} samples`);
}

const MAX_CHANNELS = 8;
const MIN_RATE: Hertz = 4000;
const MAX_RATE: Hertz = 384_000;
/** Thirty days. */
const LONGEST: Seconds = 30 * 86_400;
/** Of a byte: silence in FLAC at 8 kHz comes near it. */
const DENSEST: Seconds = 1;
