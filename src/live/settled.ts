import { CHANNEL_RATE } from '../grid/live.ts';
import type { Samples } from '../units.ts';
import type { Soundtrack } from './soundtrack.ts';

/** Pictures come so much later than their sound at most. */
const LATE: Samples = 3 * CHANNEL_RATE;

/**
 * Whether no more pictures come that are shown before `position`: their sound has been there for long enough, or the source
 * has been away for so long that there is silence.
 */
export function isSettled(sound: Pick<Soundtrack, 'known' | 'at'>, position: Samples): boolean {
  const known = sound.known();
  if (known >= position + LATE) return true;
  return known > position && [position, known - 1].some((at) => sound.at(at)?.kind === 'silence');
}
