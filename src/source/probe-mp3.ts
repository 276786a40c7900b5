import { readId3v1 } from '../media/id3.ts';
import { DECODER_DELAY } from '../media/mp3.ts';
import type { Tags } from '../media/tags.ts';
import type { Bytes, Frames, Samples } from '../units.ts';
import { type CbrGrid, cbrGrid, fillsRegion } from './cbr.ts';
import { proveCbr } from './cbr-proof.ts';
import { type AudioEnd, findAudioEnd, TAG_TOLERANCE } from './mp3-end.ts';
import type { Mp3Opening } from './mp3-layout.ts';
import { findOpening } from './mp3-start.ts';
import type { SourceMeter } from './reader.ts';
import type { Mp3Facts, Probed } from './record.ts';
import type { Sample } from './sample.ts';

/** What the probe found out about the frames. */
interface Extent {
  readonly frames: Frames | null;
  readonly end: Bytes;
  /** The tag of the first frame tells the truth. */
  readonly tagHolds: boolean;
  readonly cbr: CbrGrid | null;
}

/**
 * What an MP3 is, from its first bytes, its last ones, and a few in between. The length is promised when a tag states it
 * and the size bears it out, or when samples prove a constant bitrate; else `samples` is null.
 *
 * Throws SOURCE_DAMAGED or SOURCE_NOT_MEDIA when no frames are found, and what reading does.
 */
export async function probeMp3(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Probed> {
  const { opening, tags } = await findOpening(sample, signal, meter);
  const extent = await measure(sample, opening, signal, meter);
  const { header } = opening.first;
  const [audioHeader = header] = opening.headers;
  const delay = opening.tag?.delay ?? null;
  const mp3: Mp3Facts = {
    version: header.version,
    channelMode: audioHeader.channelMode,
    frameSamples: header.frameSamples,
    audio: { start: opening.start, end: extent.end },
    cbrKbps: extent.cbr?.kbps ?? null,
    cbrFrameBytes: extent.cbr?.frameBytes ?? null,
    delay,
    padding: extent.tagHolds ? (opening.tag?.padding ?? null) : null,
    claim: extent.tagHolds ? null : claimOf(opening),
  };
  return {
    codec: 'mp3',
    decoderConfig: null,
    sampleRate: header.sampleRate,
    channels: audioHeader.channels,
    samples: extent.frames === null ? null : presentedSamples(mp3, extent.frames),
    skip: skippedSamples(mp3),
    mp3,
    pcm: null,
    stream: null,
    tags: hasTitle(tags) ? tags : { ...readId3v1((await sample.tail) ?? new Uint8Array()), ...tags },
  };
}

/** Decoded samples in front of the presentation, as ffmpeg counts them. */
const skippedSamples = ({ delay }: Pick<Mp3Facts, 'delay'>): Samples => (delay === null ? 0 : delay + DECODER_DELAY);

/** Samples of the presentation, as ffmpeg counts them: the padding covers the decoder's delay, or is left in. */
export function presentedSamples({ delay, padding, frameSamples }: Mp3Facts, frames: Frames): Samples {
  const all = frames * frameSamples;
  const trimmed = padding !== null && padding >= DECODER_DELAY ? (delay ?? 0) + padding : skippedSamples({ delay });
  return Math.max(0, all - trimmed);
}

async function measure(sample: Sample, opening: Mp3Opening, signal: AbortSignal, meter?: SourceMeter): Promise<Extent> {
  const grid = cbrGrid(opening.start, opening.headers);
  const isWhole = sample.size === sample.head.length;
  // Without a tag only samples can tell, so they need not wait for the end.
  const early = grid && opening.tag === null && !isWhole ? proveCbr(grid, sample, signal, meter) : null;
  early?.catch(() => undefined);
  const end = await findAudioEnd(sample, opening, signal, meter);
  if (holds(opening, end, grid)) {
    const frames = opening.tag?.frames ?? 0;
    const cbr = grid && fillsRegion(grid, frames, end.end) ? grid : null;
    return { frames, end: end.end, tagHolds: true, cbr };
  }
  const counted = grid === null || isWhole ? null : await (early ?? proveCbr(grid, sample, signal, meter));
  const extent = counted?.(end) ?? end.counted;
  return {
    frames: extent?.frames ?? null,
    end: extent?.end ?? end.end,
    tagHolds: false,
    cbr: counted && extent ? grid : null,
  };
}

/** A tag that was carried over from another file, or from before an edit, states other numbers than the file has. */
function holds({ first, tag }: Mp3Opening, { end, size, window }: AudioEnd, grid: CbrGrid | null): boolean {
  if (tag?.frames == null || size === null) return false;
  const { bytes, frames } = tag;
  if (bytes === null) return grid !== null && fillsRegion(grid, frames, end);
  const regions = [size - first.offset, size, ...(window ? [end - first.offset] : [])];
  return regions.some((region) => Math.abs(region - bytes) <= TAG_TOLERANCE);
}

function claimOf({ tag }: Mp3Opening): Mp3Facts['claim'] {
  return tag?.frames == null || tag.padding === null ? null : { frames: tag.frames, padding: tag.padding };
}

const hasTitle = ({ title }: Tags): boolean => title !== undefined;
