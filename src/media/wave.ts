import { chunkText, latin1, viewOf } from './chunk-text.ts';
import { tagsOfTexts } from './id3-tags.ts';
import { mixableSpeakers } from './speakers.ts';
import type { Tags } from './tags.ts';
import type { Bytes, Hertz } from '../units.ts';

/** A chunk of a RIFF file: its four letters, and what its header says of its length. */
export interface RiffChunk {
  readonly id: string;
  readonly size: Bytes;
}

/** What a `fmt ` chunk says of the samples. */
export interface WaveFormat {
  /** Extensible formats are resolved (see `WAVE`). */
  readonly tag: number;
  readonly channels: number;
  readonly sampleRate: Hertz;
  /** One sample of every channel. */
  readonly blockBytes: Bytes;
  readonly sampleBytes: Bytes;
  /** Which speakers the channels are for; null where that is not said. */
  readonly channelMask: number | null;
}

/** Format tags (mmreg.h). */
export const WAVE = { pcm: 1, float: 3, alaw: 6, mulaw: 7 } as const;

/** A length that means "not known", or "see ds64" in RF64. */
export const UNKNOWN_SIZE: Bytes = 0xffff_ffff;

const EXTENSIBLE = 0xfffe;
const CHUNK_HEAD: Bytes = 8;

/** The chunk whose header `bytes` begin with, or null. */
export function readRiffChunk(bytes: Uint8Array): RiffChunk | null {
  if (bytes.length < CHUNK_HEAD) return null;
  return { id: latin1(bytes.subarray(0, 4)), size: viewOf(bytes).getUint32(4, true) };
}

/** The content of a `fmt ` chunk, or null when it is none. */
export function readWaveFormat(content: Uint8Array): WaveFormat | null {
  if (content.length < 14) return null;
  const view = viewOf(content);
  const isExtensible = view.getUint16(0, true) === EXTENSIBLE && content.length >= 40;
  const channels = view.getUint16(2, true);
  const sampleRate = view.getUint32(4, true);
  const blockBytes = view.getUint16(12, true);
  const sampleBytes = blockBytes / channels;
  if (channels === 0 || sampleRate === 0 || sampleBytes === 0 || !Number.isInteger(sampleBytes)) return null;
  const mask = isExtensible ? view.getUint32(20, true) : 0;
  return {
    ...{ channels, sampleRate, blockBytes, sampleBytes },
    tag: view.getUint16(isExtensible ? 24 : 0, true),
    channelMask: mixableSpeakers(mask, channels),
  };
}

/** The true length of the `data` chunk in the `ds64` chunk of an RF64 (EBU Tech 3306). */
export function readDs64(content: Uint8Array): Bytes | null {
  return content.length < 16 ? null : Number(viewOf(content).getBigUint64(8, true));
}

/** Title, artist and album in the content of a `LIST` chunk; null when it is not about that. */
export function readRiffInfo(content: Uint8Array): Tags | null {
  if (latin1(content.subarray(0, 4)) !== 'INFO') return null;
  const texts = new Map<string, string>();
  for (let at = 4; at + CHUNK_HEAD <= content.length;) {
    const { id, size } = readRiffChunk(content.subarray(at)) ?? { id: '', size: content.length };
    texts.set(id, chunkText(content.subarray(at + CHUNK_HEAD, at + CHUNK_HEAD + size)));
    at += CHUNK_HEAD + size + (size & 1);
  }
  return tagsOfTexts(texts.get('INAM'), texts.get('IART'), texts.get('IPRD'));
}

/** The head of an endless WAVE_FORMAT_EXTENSIBLE stream: the samples follow. */
export function endlessWaveHead(format: WaveFormat): Uint8Array {
  const { tag, channels, sampleRate, blockBytes, sampleBytes, channelMask } = format;
  const head = new Uint8Array(68);
  const view = viewOf(head);
  head.set(ASCII.encode('RIFF'));
  view.setUint32(4, UNKNOWN_SIZE, true);
  head.set(ASCII.encode('WAVEfmt '), 8);
  view.setUint32(16, 40, true);
  view.setUint16(20, EXTENSIBLE, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * blockBytes, true);
  view.setUint16(32, blockBytes, true);
  view.setUint16(34, sampleBytes * 8, true);
  view.setUint16(36, 22, true);
  view.setUint16(38, sampleBytes * 8, true);
  view.setUint32(40, channelMask ?? 0, true);
  view.setUint16(44, tag, true);
  head.set(SUBFORMAT_REST, 46);
  head.set(ASCII.encode('data'), 60);
  return head;
}

/** KSDATAFORMAT_SUBTYPE_*: the format tag, then the same 14 bytes. */
const SUBFORMAT_REST = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];
const ASCII = new TextEncoder();
