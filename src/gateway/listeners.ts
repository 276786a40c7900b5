import { channelKey } from '../live/channels.ts';
import { decodeHead, isAlive } from '../live/head.ts';
import { showAddress } from '../show-address.ts';
import type { Store } from '../store/store.ts';
import type { Milliseconds } from '../units.ts';

/**
 * What the store tells of those who hear a channel: in how many renditions somebody does. Functions do not know of one
 * another, and most listeners are nowhere for most of the time.
 */
export async function knownListeners(store: Store, channel: string, now: Milliseconds): Promise<number> {
  const stored = await store.get(channelKey([showAddress({ channel, show: null })]));
  const head = stored && decodeHead(stored.bytes);
  if (head === null) return 0;
  return Object.values(head.renditions).filter(({ lease }) => isAlive(lease, now)).length;
}
