import type { LiveTitle } from '../intake/intake.ts';
import { keyClusterIn } from '../media/matroska-stream.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { SoundBatch } from './batch.ts';

/** The end of a stream, as long as somebody may need it. */
export interface Tail {
  add(item: TailItem): void;
  /** Items whose number is `from` or more, and the number of the next one; null when some of them are gone. */
  since(from: number): { readonly items: readonly TailItem[]; readonly next: number } | null;
  /** The number of the first item that came at `time` or later. */
  numberAt(time: Milliseconds): number;
  /** The number of the last item, `number` or before, in which a key picture of a show begins; null where none does. */
  keyBefore(number: number): number | null;
  /** When something came last; -Infinity: never. */
  lastAt(): Milliseconds;
  /** Of the first byte of item `number`, in the stream. */
  placeOf(number: number): Bytes;
  /** As much as there is from `at` of the stream on, at most `most` bytes; null when that is gone. */
  from(at: Bytes, most: Bytes): Uint8Array | null;
}

/** Bytes, or what is on behind those before. */
export interface TailItem {
  readonly bytes: Uint8Array;
  readonly title: LiveTitle | null;
  readonly addedAt: Milliseconds;
}

const KEPT_MS: Milliseconds = 60_000;
const MOST_BYTES: Bytes = 8 * 2 ** 20;

/** `recent` batches are stored already; `at`: bytes of the stream so far, those of `recent` included. */
export function createTail(recent: readonly SoundBatch[], at: Bytes): Tail {
  let items: TailItem[] = [];
  let first = 0;
  let end = at;
  let held: Bytes = 0;

  function add(item: TailItem): void {
    items.push(item);
    held += item.bytes.length;
    end += item.bytes.length;
    while (items.length > 1 && (held > MOST_BYTES || isOld(items[0], item))) {
      held -= items[0]?.bytes.length ?? 0;
      items = items.slice(1);
      first += 1;
    }
  }

  end -= recent.reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const { bytes, titles, writtenAt } of recent) {
    for (const title of titles) add({ bytes: new Uint8Array(), title, addedAt: writtenAt });
    add({ bytes: Uint8Array.from(bytes), title: null, addedAt: writtenAt });
  }

  const placeOf = (number: number): Bytes =>
    end - items.slice(number - first).reduce((sum, { bytes }) => sum + bytes.length, 0);

  return {
    add,
    placeOf,
    keyBefore: (number) => {
      const index = items.slice(0, number - first + 1).findLastIndex(({ bytes }) => keyClusterIn(bytes) >= 0);
      return index < 0 ? null : first + index;
    },
    lastAt: () => items.at(-1)?.addedAt ?? -Infinity,
    from: (at, most) => {
      const start = placeOf(first);
      if (at < start) return null;
      return Buffer.concat(items.map(({ bytes }) => bytes)).subarray(at - start, at - start + most);
    },
    since: (from) => (from < first ? null : { items: items.slice(from - first), next: first + items.length }),
    numberAt: (time) => {
      const index = items.findIndex(({ addedAt }) => addedAt >= time);
      return first + (index < 0 ? items.length : index);
    },
  };
}

const isOld = (item: TailItem | undefined, newest: TailItem): boolean =>
  item !== undefined && item.addedAt <= newest.addedAt - KEPT_MS;
