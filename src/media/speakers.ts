/** Of WAVE_FORMAT_EXTENSIBLE: front left and right and centre, back left and right, left and right of centre, side. */
const FRONT = 0x7;
const PAIRS = [0x3, 0x30, 0xc0, 0x600];

/**
 * What speakers channels are for, or null where that cannot be said of so many channels, or nothing can be mixed down from
 * it: a mixer wants a speaker in front, and pairs that are whole. A single channel is mono, whatever it is called.
 */
export function mixableSpeakers(mask: number, channels: number): number | null {
  if (speakersIn(mask) !== channels) return null;
  if (channels === 1) return mask;
  const isWhole = PAIRS.every((pair) => (mask & pair) === 0 || (mask & pair) === pair);
  return (mask & FRONT) !== 0 && isWhole ? mask : null;
}

function speakersIn(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
