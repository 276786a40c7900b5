import type { Bytes } from '../units.ts';
import { type IcyTitle, writeIcyTitle } from './icy-title.ts';

/** What a body with `icy-metaint` holds, in order. A metadata block comes without its length, with its padding. */
export interface IcyPart {
  readonly kind: 'audio' | 'metadata';
  readonly bytes: Uint8Array;
}

/** Takes a body in pushes of any size. */
export interface IcySplitter {
  /** What is complete with these bytes. Audio shares memory with them; empty metadata blocks are left out. */
  push(bytes: Uint8Array): IcyPart[];
}

/** Blocks are as long as 16 times the byte in front of them. */
const UNIT: Bytes = 16;
const LONGEST_BLOCK: Bytes = 255 * UNIT;

/** Takes the metadata out of a Shoutcast or Icecast body: a block follows every `interval` bytes of audio. */
export function icySplitter(interval: Bytes): IcySplitter {
  let audioLeft = interval;
  let block: Uint8Array | null = null;
  let filled = 0;

  const push = (bytes: Uint8Array): IcyPart[] => {
    const parts: IcyPart[] = [];
    for (let at = 0; at < bytes.length;) {
      if (audioLeft > 0) {
        const audio = bytes.subarray(at, at + audioLeft);
        parts.push({ kind: 'audio', bytes: audio });
        audioLeft -= audio.length;
        at += audio.length;
        continue;
      }
      if (block === null) {
        block = new Uint8Array((bytes[at] ?? 0) * UNIT);
        filled = 0;
        at += 1;
      }
      const piece = bytes.subarray(at, at + block.length - filled);
      block.set(piece, filled);
      filled += piece.length;
      at += piece.length;
      if (filled < block.length) continue;
      if (filled > 0) parts.push({ kind: 'metadata', bytes: block });
      block = null;
      audioLeft = interval;
    }
    return parts;
  };
  return { push };
}

/** Gives the next bytes of a body: `audio`, with the blocks that fall due in it. `title` is what is on; null: unknown. */
export type IcyWriter = (audio: Uint8Array, title: IcyTitle | null) => Uint8Array;

/** Puts a metadata block behind every `interval` bytes of audio: the title where it has changed, else an empty one. */
export function icyWriter(interval: Bytes): IcyWriter {
  let audioLeft = interval;
  let told = '';

  const blockOf = (title: IcyTitle | null): Uint8Array => {
    const text = title === null ? told : writeIcyTitle(title, LONGEST_BLOCK);
    if (text === told) return Uint8Array.of(0);
    told = text;
    const content = new TextEncoder().encode(text);
    const units = Math.ceil(content.length / UNIT);
    const block = new Uint8Array(1 + units * UNIT);
    block[0] = units;
    block.set(content, 1);
    return block;
  };
  return (audio, title) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < audio.length;) {
      const piece = audio.subarray(at, at + audioLeft);
      pieces.push(piece);
      at += piece.length;
      audioLeft -= piece.length;
      if (audioLeft > 0) continue;
      pieces.push(blockOf(title));
      audioLeft = interval;
    }
    return pieces.length === 1 ? audio : joined(pieces);
  };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
