import { BatonError } from '../errors.ts';
import { identify } from '../source/identify.ts';
import { HEAD_BYTES } from '../source/look.ts';
import type { LiveDemux } from './live-demux.ts';

/**
 * `demux`, which refuses a source whose first 64 kB hold nothing for it. Throws SOURCE_NOT_LIVE, SOURCE_NOT_MEDIA,
 * CODEC_UNSUPPORTED or SOURCE_DAMAGED then, by what they hold instead.
 */
export function recognised(demux: LiveDemux): Pick<LiveDemux, 'push' | 'end'> {
  let head: Uint8Array = new Uint8Array();
  return {
    push: (bytes) => {
      const parts = demux.push(bytes);
      if (demux.unknown() === 0) return parts;
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, bytes]).subarray(0, HEAD_BYTES);
      if (demux.unknown() >= HEAD_BYTES) throw refusal(head);
      return parts;
    },
    end: () => {
      const parts = demux.end();
      if (parts.length === 0 && demux.unknown() > 0) throw refusal(head);
      return parts;
    },
  };
}

function refusal(head: Uint8Array): BatonError {
  const container = identify(head);
  const isFrames = container === 'mp3' || container === 'adts' || container === 'ogg';
  return new BatonError(isFrames ? 'SOURCE_DAMAGED' : 'SOURCE_NOT_LIVE', `${container} without packets`);
}
