import type { Store } from '../store/store.ts';
import { indexKey } from './record.ts';
import type { FrameCount } from './scan.ts';

/** An index and the way to keep what it knows. */
export interface StoredIndex<Index> {
  readonly index: Index;
  /** Stores the index, as far as it goes. Losing it does no harm: it can be made again. */
  save(): void;
}

/** How an index of a kind is begun, and kept. */
export interface IndexFormat<Index> {
  readonly create: () => Index;
  readonly encode: (index: Index) => Uint8Array;
  /** Null where the bytes hold none. */
  readonly decode: (bytes: Uint8Array, complete: boolean) => Index | null;
}

/**
 * The index of a version, as far as somebody has read it; new when nobody has. A process that lives no longer than one
 * response leaves its part to the next one.
 */
export async function storedIndex<Index extends FrameCount>(
  version: string,
  format: IndexFormat<Index>,
  store: Store,
  signal: AbortSignal,
): Promise<StoredIndex<Index>> {
  const whole = await store.get(indexKey(version), signal);
  const begun = whole === null ? await store.get(begunKey(version), signal) : null;
  const known = whole ?? begun;
  const index = (known && format.decode(known.bytes, whole !== null)) ?? format.create();
  let saved = index.frames;
  let tag = begun?.tag ?? null;

  const save = async (): Promise<void> => {
    if (index.frames === saved && !index.complete) return;
    saved = index.frames;
    const bytes = format.encode(index);
    if (!index.complete) return void (await store.replaceIfMatch(begunKey(version), bytes, tag));
    await store.putIfAbsent(indexKey(version), bytes);
    if (tag !== null) await store.delete(begunKey(version));
    tag = null;
  };
  return { index, save: () => void save().catch(() => undefined) };
}

/** Of an index that is not complete; unlike that one it changes. */
const begunKey = (version: string): string => `begun/${version}`;
