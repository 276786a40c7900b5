import { BatonError } from '../errors.ts';
import {
  type AudioTrack,
  readAttachedPicture,
  readMatroskaChapters,
  readMatroskaTags,
  readSegmentInfo,
  readTracks,
  type SegmentInfo,
} from '../media/matroska-head.ts';
import { ID } from '../media/matroska-ids.ts';
import type { Tags } from '../media/tags.ts';
import type { MediaPacket } from '../media/demuxer.ts';
import type { Bytes, Hertz, Milliseconds, Samples } from '../units.ts';
import { type Coded, demuxOf, grainOf } from './demux.ts';
import { type Excerpt, excerpts, wholeSize } from './excerpt.ts';
import { keptTags, mergedTags } from './kept-tags.ts';
import { matroskaCoding } from './matroska-coding.ts';
import { type MatroskaOpening, readMatroskaOpening } from './matroska-opening.ts';
import type { SourceMeter } from './reader.ts';
import type { Probed, StreamFacts } from './record.ts';
import { type Sample, TAIL_BYTES } from './sample.ts';

const WINDOW: Bytes = 64 * 1024;
/** How far the first packet may lie behind the start of the clusters. */
const MAX_OPENING: Bytes = 16 * 2 ** 20;
/** How far from the end the last packet is looked for: much where nothing else says how long it is. */
const MAX_REACH: Bytes = 256 * 1024;
const MAX_REACH_IN_NEED: Bytes = 32 * 2 ** 20;
/** As many tell how long packets are, and how their timestamps are rounded. */
const PACKETS = 64;
/** Fewer do where they are large. */
const ENOUGH: Bytes = 128 * 1024;
const NS = 1e9;

/**
 * What a WebM or Matroska file is: its default audio track, else the first one. It ends with its last packet; where that
 * would take much reading (video), when the file says that it does.
 *
 * Throws SOURCE_DAMAGED, SOURCE_NO_AUDIO, CODEC_UNSUPPORTED, and what reading does.
 */
export async function probeMatroska(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Probed> {
  const bytesAt = excerpts(sample, signal, meter);
  const { size: told } = sample;
  const isNear = (start: Bytes): boolean => sample.tail !== null && told !== null && start >= told - TAIL_BYTES;
  const opening = await readMatroskaOpening(bytesAt, isNear);
  const info = readSegmentInfo(opening.parts.get(ID.info) ?? NOTHING);
  const track = chosenTrack(opening);
  const size = Math.min(await wholeSize(sample, signal, meter), opening.end ?? Infinity);
  const factsAt = (sampleRate: Hertz): StreamFacts => ({
    audio: { start: opening.start, end: size },
    ...{ track: track.number, origin: 0, tickSamples: (info.tickNs * sampleRate) / NS, grain: 1 },
    ...(track.prefix.length > 0 && { prefix: Buffer.from(track.prefix).toString('base64') }),
  });
  const { codec, decoderConfig, sampleRate, coreRate, channels, preSkip } = await matroskaCoding(track, async () => {
    const unsettled: Coded = { ...track, codec: 'aac', decoderConfig: null };
    return (await firstPackets(unsettled, factsAt(track.sampleRate), bytesAt)).map(({ bytes }) => bytes);
  });
  const config = decoderConfig && Buffer.from(decoderConfig).toString('base64');
  const coded: Coded = { codec, decoderConfig: config, sampleRate, channels };
  const raw = factsAt(sampleRate);
  const firsts = await firstPackets(coded, raw, bytesAt);
  const [first] = firsts;
  if (first === undefined) throw new BatonError('SOURCE_NO_AUDIO', `a track of ${codec} without packets`);
  const stream: StreamFacts = {
    ...raw,
    origin: (codec === 'vorbis' ? meanStart(firsts) : first.at) / raw.tickSamples,
    grain: grainOf(coded, firsts, coreRate),
  };
  const skip = track.codecDelayNs === null ? preSkip : Math.round((track.codecDelayNs * sampleRate) / NS);
  const stated = statedEnd(info, stream);
  const reach = stated === null ? MAX_REACH_IN_NEED : MAX_REACH;
  const end = (await lastSample(coded, stream, reach, bytesAt)) ?? stated;
  if (end === null || end <= skip) throw new BatonError('SOURCE_NO_AUDIO', 'no end of the track');
  const samples = end - skip;
  return {
    ...coded,
    samples,
    skip,
    mp3: null,
    pcm: null,
    stream,
    tags: tagsOf(opening, info, (samples * 1000) / sampleRate),
  };
}

function chosenTrack({ parts }: MatroskaOpening): AudioTrack {
  const { audio, count } = readTracks(parts.get(ID.tracks) ?? NOTHING);
  const track = audio.find(({ isDefault }) => isDefault) ?? audio[0];
  if (track) return track;
  throw new BatonError(count > 0 ? 'SOURCE_NO_AUDIO' : 'SOURCE_DAMAGED', `${count} tracks in Matroska`);
}

async function firstPackets(coded: Coded, facts: StreamFacts, bytesAt: Excerpt): Promise<MediaPacket[]> {
  const { start, end } = facts.audio;
  const demuxer = demuxOf('matroska', coded, facts)(start);
  const packets: MediaPacket[] = [];
  const isEnough = (read: Bytes): boolean => packets.length >= (read < ENOUGH ? PACKETS : 2);
  for (let at = start; at < Math.min(end, start + MAX_OPENING) && !isEnough(at - start); at += WINDOW)
    packets.push(...demuxer.push(await bytesAt({ start: at, end: Math.min(end, at + WINDOW) })));
  return packets;
}

/**
 * Where the clock stands at the first packet, by those that follow. The first packet of Vorbis adds nothing to the sound,
 * but muxers let it last as they like.
 */
function meanStart(firsts: readonly MediaPacket[]): Samples {
  let sum = 0;
  const starts = firsts.map(({ at, samples }) => at - (sum += samples) + samples);
  const others = starts.length > 1 ? starts.slice(1) : starts;
  return (Math.min(...others) + Math.max(...others)) / 2;
}

/** Where the last packet ends, if a cluster begins within `maxReach` of the end. */
async function lastSample(
  coded: Coded,
  facts: StreamFacts,
  maxReach: Bytes,
  bytesAt: Excerpt,
): Promise<Samples | null> {
  const { start: first, end } = facts.audio;
  for (let reach = TAIL_BYTES; reach <= maxReach; reach *= 2) {
    const start = Math.max(first, end - reach);
    const demuxer = demuxOf('matroska', coded, facts)(start);
    const bytes = await bytesAt({ start, end });
    let last: MediaPacket | undefined;
    for (let at = 0; at < bytes.length; at += WINDOW)
      last = demuxer.push(bytes.subarray(at, at + WINDOW)).at(-1) ?? last;
    if (last) return last.at + last.samples;
    if (start === first) return null;
  }
  return null;
}

/** Where the whole file ends, by its own word. */
const statedEnd = ({ duration }: SegmentInfo, { origin, tickSamples }: StreamFacts): Samples | null =>
  duration === null ? null : Math.round((duration - origin) * tickSamples);

function tagsOf({ parts }: MatroskaOpening, { title }: SegmentInfo, durationMs: Milliseconds): Tags {
  const chapters = readMatroskaChapters(parts.get(ID.chapters) ?? NOTHING, durationMs);
  const artwork = readAttachedPicture(parts.get(ID.attachments) ?? NOTHING);
  const said: Tags = { ...(title !== null && { title }), chapters, ...(artwork && { artwork }) };
  return keptTags(mergedTags(said, readMatroskaTags(parts.get(ID.tags) ?? NOTHING)));
}

const NOTHING = new Uint8Array();
