import type { Store } from '../store/store.ts';
import { shortHash } from './record.ts';
import type { Known } from './revalidate.ts';

/** A source as bytes, whatever they mean: what a relay of the bytes themselves wants to know. */
export interface Payload extends Known {
  /** Content-Type as the origin says it. */
  readonly type: string | null;
}

/** What was last seen of `url`, by whichever process; null when nothing was. */
export async function loadPayload(store: Store, url: string, signal: AbortSignal): Promise<Payload | null> {
  const stored = await store.get(payloadKey(url), signal);
  if (stored === null) return null;
  try {
    return { ...(JSON.parse(Buffer.from(stored.bytes).toString()) as Omit<Payload, 'url'>), url };
  } catch {
    return null;
  }
}

/** Replaces it. Losing to another writer does no harm: that one looked at the source just now, too. */
export async function savePayload(store: Store, { url, ...seen }: Payload): Promise<void> {
  const known = await store.get(payloadKey(url));
  await store.replaceIfMatch(payloadKey(url), Buffer.from(JSON.stringify(seen)), known?.tag ?? null);
}

/** One small entry, so that a function that has just started knows all of it after one read. */
const payloadKey = (url: string): string => `raw/${shortHash(url)}`;
