import { BatonError } from '../errors.ts';
import type { Intake, IntakePart } from '../intake/intake.ts';
import type { S3Source } from '../net/s3-source.ts';
import { parseShowAddress } from '../show-address.ts';
import type { Store } from '../store/store.ts';
import type { Milliseconds } from '../units.ts';
import { followHere, followStored } from './follow.ts';
import type { OnAir } from './on-air.ts';
import { ABANDONED_MS, recordings } from './recording.ts';
import { showStore, type ShowStore } from './show-store.ts';

/** What is published here, as sources; and what is published in this process. */
export interface Ingest {
  readonly shows: ShowStore;
  /** The same, except that what cannot be read is a failure: for those to whom absence means that it is not there. */
  readonly strictShows: ShowStore;
  /** By channel. */
  readonly onAir: Map<string, OnAir>;
  /**
   * Listens to the channel at `url`, `ingest://channel`; as `openIntake`. `parts` throws OFF_AIR when there is no sound for
   * too long, and ends with the show. @throws OFF_AIR, SOURCE_NOT_LIVE for a recording
   */
  open(url: string, signal: AbortSignal): Promise<Intake>;
  /** How many shows were ended here so far. */
  finished(): number;
  /** Recordings, for `createNet`. */
  readonly recordings: Pick<S3Source, 'ask'>;
}

/** Listeners wait no longer for a channel to say something. */
const FIRST_MS: Milliseconds = 10_000;

/** What is published through `store`; `strict` is the same one, whose failures are thrown. */
export function createIngest(store: Store, now: () => Milliseconds, strict = store): Ingest {
  let finished = 0;
  const onFinished = (): void => void (finished += 1);
  const [shows, strictShows] = [showStore(store, onFinished), showStore(strict, onFinished)];
  const onAir = new Map<string, OnAir>();

  async function open(url: string, signal: AbortSignal): Promise<Intake> {
    const { channel, show } = parseShowAddress(url);
    if (show !== null) throw new BatonError('SOURCE_NOT_LIVE', `${url} is a recording`);
    const here = onAir.get(channel);
    if (here?.hasEnded() === false) {
      const parts = (stop: AbortSignal) => followHere(here, shows, now, stop);
      return { station: stationOf(here.station), parts: prompt(parts, signal) };
    }
    const record = await shows.record(channel, signal);
    const name = record && { channel, show: record.show };
    const last = name && (await shows.last(name, signal));
    if (name === null || last?.batch.kind !== 'sound' || now() - last.batch.writtenAt > ABANDONED_MS)
      throw new BatonError('OFF_AIR', channel);
    const { index, batch } = last;
    const parts = (stop: AbortSignal) => followStored(name, { index, batch }, shows, stop);
    return { station: stationOf(batch.name), parts: prompt(parts, signal) };
  }

  return { shows, strictShows, onAir, open, finished: () => finished, recordings: recordings(shows, now) };
}

const stationOf = (name: string): Intake['station'] => (name === '' ? {} : { name });

/** What `follow` gives, if there are packets in time. */
async function* prompt(
  follow: (signal: AbortSignal) => AsyncGenerator<IntakePart, void>,
  signal: AbortSignal,
): AsyncGenerator<IntakePart, void> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new BatonError('OFF_AIR', 'no sound yet')), FIRST_MS);
  try {
    for await (const part of follow(AbortSignal.any([signal, late.signal]))) {
      if (part.kind === 'packets') clearTimeout(timer);
      yield part;
    }
  } finally {
    clearTimeout(timer);
  }
}
