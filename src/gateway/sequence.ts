import {
  BLOCK,
  encodeBatch,
  lastTitle,
  type Batch,
  type EndBatch,
  type SoundBatch,
  type TitleAt,
} from '../ingest/batch.ts';
import type { Hello } from '../ingest/message.ts';
import type { ShowName, ShowStore } from '../ingest/show-store.ts';
import { createWriter, type Writer } from '../ingest/writer.ts';
import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { Entry, Inbox } from './inbox.ts';

/**
 * A show in the store, as messages add to it that come in any order, more than once, and to several functions at a time.
 * A batch is written only behind the one that it goes on from, so that each message stands in the show once, in its turn;
 * what comes too early waits in the inbox, and whoever stores what was missing goes on with it.
 */
export interface Sequence {
  /** The first message that is not stored, as far as is known here. */
  next(): number;
  /** Of the last batch; -Infinity before the first one. */
  writtenAt(): Milliseconds;
  end(): EndBatch | null;
  /** Of the stream so far. */
  bytes(): Bytes;
  /** Finds what other functions have written. */
  look(): Promise<void>;
  /** Stores a message, and what waited for it. @throws STORE_FAILED, and what `Writer.push` throws */
  accept(number: number, entry: Entry): Promise<void>;
  /** Goes on with what waits, where a function was stopped before it could. */
  settle(): Promise<void>;
  /** Messages before `number` that are not there will not come. */
  skipTo(number: number): Promise<void>;
  entitle(title: Omit<TitleAt, 'at'>): Promise<void>;
}

export interface SequenceDeps {
  readonly shows: ShowStore;
  readonly inbox: Inbox;
  readonly now: () => Milliseconds;
}

/** `last`: of the show, as it was found in the store. */
export function createSequence(
  { channel, show, format, name: station }: Hello,
  serial: number,
  last: { readonly index: number; readonly batch: Batch } | null,
  { shows, inbox, now }: SequenceDeps,
): Sequence {
  const name: ShowName = { channel, show };
  let index = (last?.index ?? -1) + 1;
  let sound = last?.batch.kind === 'sound' ? last.batch : null;
  let ended = last?.batch.kind === 'end' ? last.batch : null;

  const next = (): number => ended?.next ?? sound?.next ?? 0;
  const hasEnded = (): boolean => ended !== null;

  /** What others have written. */
  async function catchUp(): Promise<void> {
    for (let batch = await shows.batch(name, index); batch !== null; batch = await shows.batch(name, index)) {
      index += 1;
      if (batch.kind === 'end') {
        ended = batch;
        return;
      }
      sound = batch;
    }
  }

  /** Writes a batch behind the last one. False: others were quicker, and `next` may be another one now. */
  async function append(
    to: number,
    add: (writer: Writer) => Uint8Array,
    titles: readonly Omit<TitleAt, 'at'>[] = [],
  ): Promise<boolean> {
    const first = next();
    const writer = createWriter(format, serial, sound?.writer ?? null);
    const at = writer.state().at;
    const bytes = add(writer);
    const sizes = [...(index % BLOCK === 0 ? [] : (sound?.sizes ?? [])), bytes.length];
    const batch: SoundBatch = {
      ...{ kind: 'sound', first, next: to, at, sizes, writtenAt: now(), format, name: station, bytes },
      title: sound && lastTitle(sound),
      ...{ titles: titles.map((title) => ({ at, ...title })), writer: writer.state() },
    };
    const outcome = await shows.append(name, index, encodeBatch(batch));
    if (outcome === 'away') throw new BatonError('STORE_FAILED', `batch ${index} of ${channel}/${show}`);
    if (outcome === 'taken') await catchUp();
    else {
      sound = batch;
      index += 1;
    }
    return outcome === 'stored';
  }

  /** `entry` is the next message. */
  async function take(entry: Entry): Promise<void> {
    const number = next();
    if (entry.kind === 'data') await append(number + 1, (writer) => writer.push(entry.payload));
    else if (isClosed(sound) || (await append(number, (writer) => writer.end()))) {
      ended = await shows.finish(name, now());
      if (ended === null) throw new BatonError('STORE_FAILED', `${channel}/${show} cannot be ended`);
    }
  }

  /** Takes `first`, which is the next message, and what waits behind it. */
  async function goOn(first: Entry | null): Promise<void> {
    let due = first ?? (await inbox.get(name, next()));
    let isWaiting = first === null;
    while (due !== null && !hasEnded()) {
      const number = next();
      await take(due);
      if (next() === number && !hasEnded()) continue; // others have written a title: it is still due
      if (isWaiting) await inbox.remove(name, number);
      due = await inbox.get(name, next());
      isWaiting = true;
    }
  }

  return {
    next,
    writtenAt: () => sound?.writtenAt ?? -Infinity,
    end: () => ended,
    bytes: () =>
      ended?.sizes.reduce((sum, size) => sum + size, 0) ?? (sound === null ? 0 : sound.at + sound.bytes.length),
    look: catchUp,
    accept: async (number, entry) => {
      if (number > next()) await catchUp();
      if (number < next() || hasEnded()) return;
      const isFirst = number === next();
      if (!isFirst) {
        if (!(await inbox.put(name, number, entry)))
          throw new BatonError('STORE_FAILED', `message ${number} of ${channel}/${show}`);
        await catchUp(); // what was missing may have been stored while this was put aside...
        if (number < next()) await inbox.remove(name, number); // ...and this as well
      }
      await goOn(isFirst ? entry : null);
    },
    settle: async () => {
      await catchUp();
      await goOn(null);
    },
    skipTo: async (number) => {
      while (next() < number && !hasEnded())
        await append(number, (writer) => {
          writer.lose();
          return new Uint8Array();
        });
    },
    entitle: async (title) => {
      while (!hasEnded() && !(await append(next(), () => new Uint8Array(), [title])));
    },
  };
}

/** What ends a stream is written for itself, before its show is ended. */
const isClosed = (batch: SoundBatch | null): boolean =>
  batch !== null && batch.first === batch.next && batch.bytes.length > 0;
