import { growing, type Growing } from '../encode/growing.ts';
import type { EncoderDeps } from '../encode/encoder.ts';
import type { EncodeMeter } from '../encode/output.ts';
import { toBatonError } from '../errors.ts';
import { chunkBytes } from '../grid/chunk.ts';
import { CHANNEL_RATE, chunkSamples, type LiveGrid } from '../grid/live.ts';
import type { Timeline } from '../grid/timeline.ts';
import type { Store } from '../store/store.ts';
import type { Milliseconds, Samples, Seconds } from '../units.ts';
import { copiedChunk } from './copied-chunk.ts';
import { encodedChunk, encodedFrom } from './encoded-chunk.ts';
import type { HeadFile } from './head-file.ts';
import { edgeOf, withChunk, type Head, type Lease, type RenditionHead } from './head.ts';
import { pictureChunks, pictureStart } from './picture-chunks.ts';
import type { Reel } from './reel.ts';
import type { Shelf } from './shelf.ts';
import { withShown, type ShownChunk } from './shown-record.ts';
import { spanIn } from './shown-span.ts';
import type { Soundtrack } from './soundtrack.ts';

/** One rendition of a channel. */
export interface LiveOutput {
  /** Its name in the head. */
  readonly name: string;
  readonly grid: LiveGrid;
  /** Null where the packets of the source are passed on. */
  readonly timeline: Timeline | null;
  /** Of pictures, which have chunks of their own beside each of sound: the most lines that they may have. */
  readonly lines?: number;
  /** Store key of a chunk. */
  readonly keyOf: (index: number) => string;
}

/** What making chunks takes. */
export interface ProduceDeps {
  readonly encoder: EncoderDeps;
  readonly store: Store;
  readonly head: HeadFile;
  readonly sound: Soundtrack;
  readonly reel: Reel;
  readonly shelf: Shelf;
  readonly meter: EncodeMeter;
  /** Names this producer among others. */
  readonly holder: string;
  /** Unix time. */
  readonly now: () => Milliseconds;
  readonly dvrMs: Milliseconds;
  /** Whether this producer is about to end, and lets others take over. */
  readonly isYielding: () => boolean;
  /** How much of what has come already is made for the first listener. */
  readonly firstSeconds: () => Seconds;
}

/** A sign of life is given at least this often: a little more than the longest chunk, and less than a lease. */
const RENEW_MS: Milliseconds = 1_650;
/** A store that is away is tried again so often. */
const RETRY_MS: Milliseconds = 500;
const LOOK_MS: Milliseconds = 100;
/** So many chunks of pictures a producer that is gone may be behind its sound: the picture stands in them. */
const MOST_STOOD = 10;
/** Players of the framed stream begin with so much. */
export const FIRST_SECONDS: Seconds = 8;
const FAILURES = 3;
const NOTHING = new Uint8Array();

/**
 * Makes one chunk after the other as its sound comes, and stores it, until somebody else makes them or `signal` is
 * aborted. A chunk that cannot be made is left out. Throws what encoding throws when it fails several times in a row.
 */
export async function produce(output: LiveOutput, deps: ProduceDeps, signal: AbortSignal): Promise<void> {
  let isTaken = false; // another producer has the lease: what is begun is finished, for somebody hears it
  const storing = storage(output, deps, () => (isTaken = true), signal);
  try {
    let failures = 0;
    const isOver = (): boolean => isTaken || signal.aborted;
    const pieces = piecesOf(output, deps, signal);
    for (let index = await firstIndex(output, deps, signal); !isOver(); index++) {
      const chunk = growing(output.timeline && chunkBytes(output.timeline, index));
      try {
        await make(index, chunk, pieces, deps);
        failures = 0;
        storing.add(index);
      } catch (thrown) {
        deps.shelf.drop(index, chunk);
        if (isOver()) break;
        failures += 1;
        if (failures === FAILURES) throw toBatonError(thrown);
      }
    }
  } finally {
    await storing.close();
  }
  signal.throwIfAborted();
}

/** Behind what is stored; else the oldest that can be made, but not much of it. */
async function firstIndex(output: LiveOutput, deps: ProduceDeps, signal: AbortSignal): Promise<number> {
  const { head, sound, firstSeconds } = deps;
  const picturesFrom = output.lines === undefined ? -Infinity : await pictureStart(deps, signal);
  const samples = chunkSamples(output.grid);
  const { at: epochAt = 0, why } = sound.last()?.epoch() ?? {};
  const newest = Math.floor((sound.known() - firstSeconds() * CHANNEL_RATE) / samples);
  const edge = edgeOf(head.latest()?.renditions[output.name]);
  let index = edge ?? Math.max(Math.floor(epochAt / samples), newest, 0);
  const isHole = edge !== null && (edge + 1) * samples <= epochAt - CHANNEL_RATE;
  const stands = output.lines !== undefined && why !== 'start' && (index + MOST_STOOD) * samples > epochAt;
  if (isHole && !stands) index = Math.floor(epochAt / samples);
  while (!sound.reaches(madeFrom(output, index)) && index * samples < sound.known()) index++;
  while (index * samples < picturesFrom) index++;
  return index;
}

/** Where on the channel that begins which a chunk is made of. */
const madeFrom = ({ grid, timeline }: LiveOutput, index: number): Samples =>
  timeline === null ? index * chunkSamples(grid) : encodedFrom(timeline, index);

/** The bytes of a chunk as they come. */
type Pieces = (index: number) => AsyncGenerator<Uint8Array, unknown>;

function piecesOf({ grid, timeline, lines }: LiveOutput, deps: ProduceDeps, signal: AbortSignal): Pieces {
  const { sound, encoder, meter } = deps;
  if (lines !== undefined) return pictureChunks(lines, grid, deps, signal);
  return timeline === null
    ? (index) => copiedChunk(index, grid, sound, signal)
    : (index) => encodedChunk(index, timeline, sound, encoder, meter, signal);
}

async function make(index: number, chunk: Growing, pieces: Pieces, deps: ProduceDeps): Promise<void> {
  deps.shelf.put(index, chunk);
  try {
    for await (const bytes of pieces(index)) chunk.append(bytes);
    chunk.end();
    deps.meter.chunksEncoded += 1;
    deps.shelf.pulse.beat();
  } catch (error) {
    chunk.fail(error);
    throw error;
  }
}

interface Storage {
  /** The chunk is complete. */
  add(index: number): void;
  close(): Promise<void>;
}

/** Stores chunks in order and keeps the lease; nobody waits for it. */
function storage(output: LiveOutput, deps: ProduceDeps, onTaken: () => void, signal: AbortSignal): Storage {
  const life = deps.head.latest()?.version;
  const unstored: number[] = [];
  let work = Promise.resolve();
  let renewedAt = performance.now();
  let isBusy = false;
  const then = (step: () => Promise<void>): void => {
    const run = async (): Promise<void> => {
      isBusy = true;
      await step().catch(() => undefined); // a store that fails is no reason to stop
      isBusy = false;
    };
    work = work.then(run);
  };
  const renew = async (stored: readonly number[]): Promise<void> => {
    renewedAt = performance.now();
    const isOurs = (known: Head): boolean => known.version === life;
    const head = await deps.head.update(
      (known) => (known !== null && isOurs(known) ? renewed(known, stored, output, deps) : known),
      signal,
    );
    if (head !== null && !isOurs(head)) {
      deps.sound.forget(); // begun while the store was away, which has another one
      deps.reel.forget();
      onTaken();
    }
    const holder = head?.renditions[output.name]?.lease?.holder;
    if (holder !== undefined && holder !== deps.holder) onTaken();
  };
  /** In order, as far as the store takes them: after a failure all follow that it did not take. */
  const storeAll = async (): Promise<readonly number[]> => {
    const stored: number[] = [];
    for (let [index] = unstored; index !== undefined && deps.head.latest()?.version === life; [index] = unstored) {
      const outcome = await store(index, output, deps, signal);
      if (outcome === 'away') break;
      unstored.shift();
      if (outcome === 'stored') stored.push(index);
    }
    return stored;
  };
  const timer = setInterval(() => {
    const everyMs = unstored.length > 0 ? RETRY_MS : RENEW_MS;
    if (!isBusy && performance.now() - renewedAt > everyMs) then(async () => renew(await storeAll()));
  }, LOOK_MS);
  return {
    add: (index) =>
      then(async () => {
        unstored.push(index);
        await renew(await storeAll());
      }),
    close: async () => {
      clearInterval(timer);
      await work;
    },
  };
}

/** A chunk that somebody else has stored before is adopted. `gone`: it is not at hand any more. */
async function store(
  index: number,
  { keyOf }: LiveOutput,
  deps: ProduceDeps,
  signal: AbortSignal,
): Promise<'stored' | 'away' | 'gone'> {
  const bytes = deps.shelf.here(index)?.complete();
  if (bytes == null) return 'gone';
  if (await deps.store.putIfAbsent(keyOf(index), bytes, signal)) return 'stored';
  const other = await deps.store.get(keyOf(index), signal);
  if (other === null) return 'away';
  if (Buffer.compare(other.bytes, bytes) !== 0) deps.shelf.put(index, growing(other.bytes.length, other.bytes));
  return 'stored';
}

/** The head with this producer's sign of life, and with the chunks that it has stored; as it is, if another one has the lease. */
function renewed(head: Head, stored: readonly number[], output: LiveOutput, deps: ProduceDeps): Head {
  const { name, grid, lines } = output;
  const rendition: RenditionHead = head.renditions[name] ?? { runs: [], lease: null };
  if (rendition.lease !== null && rendition.lease.holder !== deps.holder) return head;
  const samples = chunkSamples(grid);
  const oldest = Math.floor(((deps.now() - head.createdAt - deps.dvrMs) * 48) / samples);
  const shownIn = (index: number): ShownChunk => {
    const bytes = deps.shelf.here(index)?.complete() ?? NOTHING;
    return { index, bytes: bytes.length, span: spanIn(bytes, index, output, head.pictures ?? []) };
  };
  const track = deps.sound.last();
  const isNewest = track !== null && track.epoch().id === head.epochs.at(-1)?.id;
  const lease: Lease = {
    holder: deps.holder,
    renewedAt: deps.now(),
    state: deps.isYielding() ? 'yielding' : 'producing',
  };
  return {
    ...head,
    anchor: isNewest ? track.anchor() : head.anchor,
    renditions: {
      ...head.renditions,
      [name]: {
        ...rendition,
        runs: stored.reduce((runs, index) => withChunk(runs, index, oldest), rendition.runs),
        ...(lines !== undefined && stored.length > 0
          ? { shown: withShown(rendition.shown, stored.map(shownIn), samples, oldest) }
          : {}),
        lease,
      },
    },
  };
}
