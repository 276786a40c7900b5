import { createChain } from './chain.ts';
import type { Chain } from './chain.ts';
import type { PlaybackDeps, Stats } from './engine.ts';
import { legAddress } from './leg-address.ts';
import { createLegLog } from './leg-log.ts';
import { openLeg } from './leg.ts';
import { recoveredDetail, retryDetail } from './outage-detail.ts';
import { around } from './ranges.ts';
import { openSink } from './sink.ts';
import type { Sink } from './sink.ts';
import type { StreamEvent } from './stream-event.ts';
import { timer } from './timer.ts';

/** Seconds of sound ahead of the playhead that are aimed at, and that stay behind it. */
const AHEAD = 30;
const LEAST_AHEAD = 8;
const BEHIND = 30;
/** More is evicted at once than a look would gather. */
const EVICTED = 5;
const HEADERS_MS = 10_000;
/** Of a leg asked for in good time: what remains of the buffer is for a second try. */
const EARLY_HEADERS_MS = 5000;

/** What a supply does its work with; places in seconds. */
export interface SupplyDeps extends Pick<PlaybackDeps, 'changed' | 'emit' | 'now' | 'random'> {
  readonly position: () => number;
  readonly wanted: () => boolean;
  readonly event: (event: StreamEvent) => void;
  /** A fragment has come. */
  fed(): void;
  /** The sound is over at `time`. */
  eos(time: number): void;
  /** What is buffered has changed. */
  readonly buffered: () => void;
  /** The decoder gave up, or there is none. */
  readonly broke: () => void;
}

/** The sound of one stream, from the server to the element's buffer. */
export interface Supply {
  readonly chain: Pick<Chain, 'recovery' | 'consider' | 'suspect' | 'gaps' | 'isOpen' | 'isDone' | 'played'>;
  /** Begins at `at`, or goes on where `park` stopped. */
  begin(at: number): void;
  isBegun(): boolean;
  /** Goes to `at`, with nothing of what is buffered. */
  goTo(at: number): void;
  /** Fetches again what follows `from`. */
  refetch(from: number): void;
  /** With a new decoder, at `at`. */
  rebuild(at: number): void;
  /** Keeps little behind the playhead. */
  evict(): void;
  duration(seconds: number): void;
  /** Where the buffer ends, for sure; null while something is being appended. */
  end(): number | null;
  /** Ends what is under way with the server; `begin` goes on. */
  readonly park: () => void;
  /** Leaves the element. */
  close(): void;
  stats(): Omit<Stats, 'codec' | 'stalls' | 'damagedMs'>;
}

/** Feeds `audio` from the framed stream at `src`. */
export function createSupply(audio: HTMLMediaElement, src: string, isFilm: boolean, deps: SupplyDeps): Supply {
  let sink: Sink | null = null;
  let ahead = AHEAD;
  let [retries, evictions, quotaHits] = [0, 0, 0];
  const log = createLegLog();
  const film = isFilm ? new Map<number, number>() : null;
  const { now, random, position, wanted } = deps;

  const chain = createChain({
    open(place, handlers) {
      const isInTime = chain.end() - position() > EARLY_HEADERS_MS / 1000 + 1;
      const headersMs = isInTime ? EARLY_HEADERS_MS : HEADERS_MS;
      return openLeg(legAddress(src, place), headersMs, handlers, {
        fetch: (url, init) => fetch(url, { ...init, cache: 'no-store' }), // a refusal must not be remembered
        now,
        timer,
        film,
      });
    },
    hasRoom(until, legSeconds) {
      const room = ahead - (until - position());
      // A ManagedMediaSource says itself when it wants more.
      return sink?.wantsData() == null
        ? room >= Math.min(legSeconds, ahead - LEAST_AHEAD)
        : room > 0 && sink.wantsData() === true;
    },
    init(bytes, { decoder }, codec) {
      if (sink?.init(bytes, codec, decoder) === false) deps.broke();
    },
    fragment({ bytes }) {
      sink?.append(bytes);
      deps.fed();
    },
    eos(time) {
      sink?.end();
      deps.eos(time);
    },
    event: deps.event,
    handover: (detail) => deps.emit('handover', detail),
    recovered: (outage) => deps.emit('recovered', recoveredDetail(outage, position(), now())),
    changed(state) {
      if (state.at === 'loading') {
        retries++;
        deps.emit('retry', retryDetail(state.outage, position()));
      }
      deps.changed();
    },
    ...{ log, now, random, timer, wanted },
  });

  function newSink(): void {
    sink?.close();
    sink = openSink(audio, {
      position,
      changed: deps.buffered,
      full() {
        quotaHits++;
        ahead = Math.max(LEAST_AHEAD, ahead * 0.8);
      },
      broke: deps.broke,
      hungry: chain.consider,
      timer,
    });
  }

  return {
    chain,
    begin(at) {
      if (sink !== null) {
        chain.unpark();
        return;
      }
      newSink();
      chain.restart(at);
    },
    isBegun: () => sink !== null,
    goTo(at) {
      sink?.clear();
      sink?.remove(0, Infinity);
      chain.restart(at);
    },
    refetch(from) {
      sink?.clear();
      sink?.remove(from, Infinity);
      chain.restart(from, from);
    },
    rebuild(at) {
      newSink();
      chain.unplayable(at);
    },
    evict() {
      if (sink?.isIdle() !== true || around(audio.buffered, position()).bufferedBehind < BEHIND + EVICTED) return;
      evictions++;
      sink.remove(0, position() - BEHIND);
    },
    duration: (seconds) => sink?.duration(seconds),
    end: () => (sink?.isIdle() === true ? chain.end() : null),
    park: chain.park,
    close() {
      chain.park();
      sink?.close();
      sink = null;
    },
    stats: () => ({
      ...{ engine: 'framed', legs: log.legs(), legCount: log.count(), bytes: log.bytes(), retries },
      ...{ ...around(audio.buffered, position()), evictions, quotaHits },
    }),
  };
}
