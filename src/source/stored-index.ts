import type { Store } from '../store/store.ts';
import type { Bytes } from '../units.ts';
import { indexKey } from './record.ts';
import { createSeekIndex, decodeSeekIndex, encodeSeekIndex, type SeekIndex } from './seek-index.ts';

/** A seek index and the way to keep what it knows. */
export interface StoredIndex {
  readonly index: SeekIndex;
  /** Stores the index, as far as it goes. Losing it does no harm: it can be made again. */
  save(): void;
}

/**
 * The seek index of a version, as far as somebody has read it; new when nobody has. A process that lives no longer than
 * one response leaves its part to the next one.
 */
export async function storedIndex(
  version: string,
  start: Bytes,
  store: Store,
  signal: AbortSignal,
): Promise<StoredIndex> {
  const whole = await store.get(indexKey(version), signal);
  const begun = whole === null ? await store.get(begunKey(version), signal) : null;
  const known = whole ?? begun;
  const index = (known && decodeSeekIndex(known.bytes, whole !== null)) ?? createSeekIndex(start);
  let saved = index.frames;
  let tag = begun?.tag ?? null;

  const save = async (): Promise<void> => {
    if (index.frames === saved && !index.complete) return;
    saved = index.frames;
    const bytes = encodeSeekIndex(index);
    if (!index.complete) return void (await store.replaceIfMatch(begunKey(version), bytes, tag));
    await store.putIfAbsent(indexKey(version), bytes);
    if (tag !== null) await store.delete(begunKey(version));
    tag = null;
  };
  return { index, save: () => void save().catch(() => undefined) };
}

/** Of an index that is not complete; unlike that one it changes. */
const begunKey = (version: string): string => `begun/${version}`;
