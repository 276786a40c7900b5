import { BatonError } from '../errors.ts';
import { type AlacConfig, readAlacConfig } from '../media/alac.ts';
import type { Demux, MediaPacket } from '../media/demuxer.ts';
import { FLAC_HEAD_BYTES, type FlacInfo, readFlacInfo } from '../media/flac.ts';
import { flacDemux } from '../media/flac-demux.ts';
import { matroskaDemux } from '../media/matroska-demux.ts';
import { oggDemux } from '../media/ogg-demux.ts';
import {
  alacSamples,
  flacSamples,
  mp3Samples,
  opusSamples,
  type PacketSamples,
  vorbisSamples,
} from '../media/packet-samples.ts';
import { readVorbisInfo, readVorbisModes, unlaceHeaders, type VorbisInfo, type VorbisModes } from '../media/vorbis.ts';
import type { Hertz, Samples } from '../units.ts';
import { isPcm, pcmBytes } from './codec.ts';
import type { Probed, ProbeRecord, StreamFacts } from './record.ts';

/** What of a record the packets depend on. */
export type Coded = Pick<Probed, 'codec' | 'decoderConfig' | 'sampleRate' | 'channels'>;

const AAC_FRAME: Samples = 1024;
/** 2.5 ms, of which every Opus packet is a multiple. */
const OPUS_GRAIN: Samples = 120;
const NS = 1e9;

/** How the packets of a track are found in its container. Throws SOURCE_DAMAGED when the decoder could not be set up. */
export function demuxOf(container: ProbeRecord['container'], coded: Coded, facts: StreamFacts): Demux {
  const { track, origin, tickSamples, grain } = facts;
  const { start } = facts.audio;
  if (container === 'flac') return flacDemux(flacInfoOf(coded), { start, origin });
  const samplesOf = packetSamples(coded, grain);
  const isChained = coded.codec === 'vorbis';
  if (container === 'ogg') return oggDemux({ serial: track, start, origin, samplesOf, isChained });
  const prefix = Buffer.from(facts.prefix ?? '', 'base64');
  const clock = { origin, tickSamples, grain, sampleNs: NS / coded.sampleRate };
  return matroskaDemux({ track, start, ...clock, samplesOf, isChained, prefix });
}

/** How long the packets of a codec last. Those of AAC are all as long as `grain`. Throws SOURCE_DAMAGED. */
export function packetSamples(coded: Coded, grain: Samples): PacketSamples {
  const { codec, channels } = coded;
  if (codec === 'opus') return opusSamples;
  if (codec === 'flac') return flacSamples(flacInfoOf(coded));
  if (codec === 'mp3') return mp3Samples;
  if (codec === 'alac') return alacSamples(alacConfigOf(coded));
  if (codec === 'vorbis') return vorbisSamples(vorbisOf(coded).modes);
  if (isPcm(codec)) return (packet) => packet.length / (channels * pcmBytes(codec));
  return () => grain;
}

/**
 * What the positions of all packets are a multiple of, as far as the first ones tell.
 *
 * @param coreRate of AAC: before its extensions double it
 */
export function grainOf(coded: Coded, firsts: readonly MediaPacket[], coreRate: Hertz): Samples {
  if (coded.codec === 'aac') return AAC_FRAME * Math.max(1, Math.round(coded.sampleRate / coreRate));
  if (coded.codec === 'vorbis') return vorbisOf(coded).info.blockSizes[0] / 4;
  const lengths = new Set(firsts.map(({ samples }) => samples));
  const [length = 1] = lengths;
  if (lengths.size === 1 && length > 0) return length;
  return coded.codec === 'opus' ? OPUS_GRAIN : 1;
}

function flacInfoOf(coded: Coded): FlacInfo {
  const info = readFlacInfo(configOf(coded).subarray(8, FLAC_HEAD_BYTES));
  if (info === null) throw new BatonError('SOURCE_DAMAGED', 'no STREAMINFO');
  return info;
}

function alacConfigOf(coded: Coded): AlacConfig {
  const config = readAlacConfig(configOf(coded));
  if (config === null) throw new BatonError('SOURCE_DAMAGED', 'no configuration of ALAC');
  return config;
}

function vorbisOf(coded: Coded): { info: VorbisInfo; modes: VorbisModes } {
  const [first, , setup] = unlaceHeaders(configOf(coded)) ?? [];
  const info = first && readVorbisInfo(first);
  const modes = info && setup && readVorbisModes(setup, info);
  if (!modes) throw new BatonError('SOURCE_DAMAGED', 'headers of Vorbis');
  return { info, modes };
}

const configOf = ({ decoderConfig }: Coded): Uint8Array => Buffer.from(decoderConfig ?? '', 'base64');
