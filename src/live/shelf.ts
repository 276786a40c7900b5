import { growing, type Growing } from '../encode/growing.ts';
import { orAbort } from '../or-abort.ts';
import type { Store } from '../store/store.ts';
import { createPulse, type Pulse } from './pulse.ts';

/** The chunks of one rendition of a channel that this process has at hand, or gets from the store. */
export interface Shelf {
  /** Beats whenever a chunk is begun, complete, or known of. */
  readonly pulse: Pulse;
  /** What is being made, or is complete. */
  put(index: number, chunk: Growing): void;
  /** Takes back what could not be made, unless another one has taken its place. */
  drop(index: number, chunk: Growing): void;
  here(index: number): Growing | null;
  /** The lowest and the highest index here. */
  first(): number | null;
  last(): number | null;
  /** From here or the store; null when it is in neither. Whoever asks for the same at the same time shares one read, which goes on without who began it. */
  find(index: number, signal: AbortSignal): Promise<Growing | null>;
}

/** Listeners read at most this far apart from memory; others are served from the store. */
const KEPT = 48;

/** `keyOf` is the store's key of a chunk; `onStored` hears of each one that the store had. */
export function createShelf(store: Store, keyOf: (index: number) => string, onStored: () => void): Shelf {
  const pulse = createPulse();
  const chunks = new Map<number, Growing>();
  const reads = new Map<number, Promise<Growing | null>>();

  const keep = (index: number, chunk: Growing): void => {
    chunks.set(index, chunk);
    if (chunks.size > KEPT) chunks.delete(Math.min(...chunks.keys()));
    pulse.beat();
  };

  const read = async (index: number): Promise<Growing | null> => {
    const stored = await store.get(keyOf(index));
    if (stored === null) return null;
    onStored();
    const chunk = growing(stored.bytes.length, stored.bytes);
    if (index >= Math.min(...chunks.keys())) keep(index, chunk); // who rewinds does not push the newest out
    return chunk;
  };

  return {
    pulse,
    put: keep,
    drop: (index, chunk) => {
      if (chunks.get(index) !== chunk) return;
      chunks.delete(index);
      pulse.beat();
    },
    here: (index) => chunks.get(index) ?? null,
    first: () => (chunks.size === 0 ? null : Math.min(...chunks.keys())),
    last: () => (chunks.size === 0 ? null : Math.max(...chunks.keys())),
    find: (index, signal) => {
      const known = chunks.get(index);
      if (known !== undefined) return Promise.resolve(known);
      const shared = reads.get(index) ?? read(index).finally(() => reads.delete(index));
      reads.set(index, shared);
      return orAbort(shared, signal);
    },
  };
}
