import { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';

/** What finding the frames of a file or a stream may cost. */
export interface Effort {
  /** So many bytes were read. */
  read(bytes: Bytes): void;
  /** So many are looked at. Throws SOURCE_DAMAGED when that is far more than were read. */
  spend(bytes: Bytes): void;
}

/** Every byte is looked at once, and again behind false starts, of which an honest file has few. */
const TIMES = 8;
const SPARE: Bytes = 4 * 2 ** 20;

/**
 * For bytes that may have been made to keep us busy: a start of a frame at every one, and an end nowhere. What was not
 * spent is saved up to a limit only, so that hours of an honest stream pay for no attack behind them.
 */
export function effort(): Effort {
  let left: Bytes = SPARE;
  return {
    read: (bytes) => void (left = Math.min(left, SPARE) + TIMES * bytes),
    spend: (bytes) => {
      left -= bytes;
      if (left < 0) throw new BatonError('SOURCE_DAMAGED', 'starts of frames without end');
    },
  };
}
