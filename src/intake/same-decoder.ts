import type { LiveFormat } from './intake.ts';

/** Whether the decoder of one goes on with the other; where they were joined and what bitrate they state is no matter. */
export const sameDecoder = (a: LiveFormat, b: LiveFormat): boolean =>
  a.codec === b.codec &&
  a.sampleRate === b.sampleRate &&
  a.channels === b.channels &&
  Buffer.compare(a.decoderConfig ?? NOTHING, b.decoderConfig ?? NOTHING) === 0;

const NOTHING = new Uint8Array();
