import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import type { LiveTitle } from '../intake/intake.ts';
import { createPulse, type Pulse } from '../live/pulse.ts';
import { cleanText } from '../media/icy-title.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { BLOCK, encodeBatch, type EndBatch, type SoundBatch, type TitleAt } from './batch.ts';
import type { IngestFormat } from './format.ts';
import { saidTitle } from './said-title.ts';
import type { ShowName, ShowStore } from './show-store.ts';
import { createTail, type Tail } from './tail.ts';
import { createWriter, type WriterState } from './writer.ts';

/** A show that is published in this process: given to listeners at once, and stored in passing. */
export interface OnAir {
  readonly name: ShowName;
  readonly format: IngestFormat;
  /** Of the station. */
  readonly station: string;
  /** When this process took it up from another one; Unix time, -Infinity: it began here. */
  readonly resumedAt: Milliseconds;
  /** What came last, for listeners. */
  readonly tail: Tail;
  readonly pulse: Pulse;
  /** The next message that is wanted, and the first one that is not stored. */
  next(): number;
  stored(): number;
  /** Bytes that are not stored yet. */
  unstored(): Bytes;
  headAt(): Bytes | null;
  /** What is on. */
  title(): LiveTitle | null;
  /** The payload of message `number`. @throws as `Writer.push` */
  write(number: number, payload: Uint8Array, isAfterGap: boolean): void;
  entitle(title: string, artist: string): void;
  hasEnded(): boolean;
  /** Stores what is left, and ends the show. @throws STORE_FAILED */
  end(): Promise<EndBatch | null>;
  /** Stores what is left; the show goes on elsewhere, or later. */
  leave(): Promise<void>;
}

/** Where a show goes on. */
export interface Resumption {
  /** Of the next batch. */
  readonly index: number;
  readonly next: number;
  readonly sizes: readonly Bytes[];
  readonly writer: WriterState;
  readonly title: LiveTitle | null;
  /** The last batches, for listeners. */
  readonly recent: readonly SoundBatch[];
}

export interface OnAirDeps {
  readonly shows: ShowStore;
  /** Where the end is looked for: what cannot be read is not the end. */
  readonly strictShows: ShowStore;
  readonly now: () => Milliseconds;
  /** More is stored. */
  readonly onStored: (next: number) => void;
  /** Somebody else has written to the show. */
  readonly onTaken: () => void;
}

/** A batch is written as often, or when it is as large. */
const BATCH_MS: Milliseconds = 1_000;
const BATCH_BYTES: Bytes = 256 * 1024;
const RETRY_MS: Milliseconds = 500;
/** How long a show that ends waits for a store that is away. */
const PATIENCE_MS: Milliseconds = 20_000;

/** @throws INGEST_FORMAT */
export function createOnAir(
  name: ShowName,
  about: { readonly format: IngestFormat; readonly station: string; readonly serial: number },
  from: Resumption | null,
  { shows, strictShows, now, onStored, onTaken }: OnAirDeps,
): OnAir {
  const { format } = about;
  const station = cleanText(about.station);
  const writer = createWriter(format, about.serial, from?.writer ?? null);
  const pulse = createPulse();
  const tail = createTail(from?.recent ?? [], writer.state().at);
  const life = new AbortController();
  let next = from?.next ?? 0;
  let stored = next;
  /** The first message that no batch has. */
  let batched = next;
  let index = from?.index ?? 0;
  let sizes: readonly Bytes[] = from?.sizes ?? [];
  let pieces: Uint8Array[] = [];
  let pending: Bytes = 0;
  let writing: Bytes = 0;
  /** What is on, what was at the beginning of the batch, and what came in it. */
  let title: LiveTitle | null = from?.title ?? null;
  let titleBefore = title;
  let titles: TitleAt[] = [];
  let timer: NodeJS.Timeout | null = null;
  let work: Promise<void> = Promise.resolve();
  let ending: Promise<EndBatch | null> | null = null;

  function add(bytes: Uint8Array): void {
    if (bytes.length > 0) {
      const copy = Uint8Array.from(bytes);
      tail.add({ bytes: copy, title: null, addedAt: now() });
      pieces.push(copy);
    }
    pending += bytes.length;
    pulse.beat();
    if (pending >= BATCH_BYTES) flush();
    else timer ??= setTimeout(flush, BATCH_MS);
  }

  /** Everything that has come becomes a batch, behind those before. */
  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (next === batched && titles.length === 0 && pending === 0) return;
    const state = writer.state();
    const bytes = Buffer.concat(pieces);
    const block = index % BLOCK === 0 ? [] : sizes;
    sizes = [...block, bytes.length];
    const batch = encodeBatch({
      ...{ kind: 'sound', first: batched, next, at: state.at - bytes.length, sizes, writtenAt: now() },
      ...{ title: titleBefore, titles },
      ...{ format, name: station, writer: state, bytes },
    });
    const [at, to, size] = [index, next, bytes.length];
    index += 1;
    batched = next;
    [pieces, pending, titles, titleBefore] = [[], 0, [], title];
    writing += size;
    work = work.then(async () => {
      await append(at, batch);
      writing -= size;
      if (life.signal.aborted) return;
      stored = to;
      onStored(to);
    });
  }

  /** Tries until the store has it. */
  async function append(at: number, batch: Uint8Array): Promise<void> {
    while (!life.signal.aborted) {
      const outcome = await shows.append(name, at, batch);
      if (outcome === 'stored') return;
      if (outcome === 'taken') {
        life.abort();
        onTaken();
        return;
      }
      await sleep(RETRY_MS, undefined, { signal: life.signal }).catch(() => undefined);
    }
  }

  /** What is left is in the store, or will not come there in time. */
  async function settle(): Promise<void> {
    flush();
    const late = setTimeout(() => life.abort(), PATIENCE_MS);
    await work;
    clearTimeout(late);
  }

  async function finish(): Promise<EndBatch | null> {
    add(writer.end());
    await settle();
    if (stored < next) throw new BatonError('STORE_FAILED', `${name.channel}/${name.show} is not stored to its end`);
    const end = await strictShows.finish(name, now());
    life.abort();
    pulse.beat();
    return end;
  }

  return {
    ...{ name, format, station, tail, pulse, resumedAt: from === null ? -Infinity : now() },
    next: () => next,
    stored: () => stored,
    unstored: () => pending + writing,
    headAt: () => writer.state().headAt,
    write: (number, payload, isAfterGap) => {
      if (life.signal.aborted || ending !== null) throw new BatonError('SHOW_ENDED');
      if (isAfterGap) writer.lose();
      const bytes = writer.push(payload);
      next = number + 1;
      add(bytes);
    },
    title: () => title,
    entitle: (said, by) => {
      title = saidTitle(said, by);
      titles.push({ at: writer.state().at, ...title });
      tail.add({ bytes: NOTHING, title, addedAt: now() });
      add(NOTHING);
    },
    hasEnded: () => ending !== null || life.signal.aborted,
    end: () => (ending ??= finish()),
    leave: async () => {
      await settle();
      life.abort();
      pulse.beat();
    },
  };
}

const NOTHING = new Uint8Array();
