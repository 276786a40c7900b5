import { BatonError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import type { InTurn } from './in-turn.ts';
import type { Ingest } from './ingest.ts';
import { createOnAir, type OnAir } from './on-air.ts';
import { ABANDONED_MS } from './recording.ts';
import type { Action, Session } from './session.ts';
import type { ShowName } from './show-store.ts';

/** What a publisher has on a channel. */
export interface Seat {
  readonly show: OnAir;
  /** Names the claim in the store. */
  readonly claim: string;
  holder: Holder | null;
  leftAt: Milliseconds;
}

/** A publisher, as far as a channel knows. */
export interface Holder {
  readonly session: Session;
  readonly channel: string | null;
  perform(actions: readonly Action[]): void;
  failed(error: BatonError): void;
}

/** Who publishes what in this process, by channel. */
export interface Seats {
  find(channel: string): Seat | null;
  /** Where `holder` still has the channel. */
  heldBy(holder: Holder): Seat | null;
  seat(seat: Seat): void;
  createShow(name: ShowName, ...about: ShowFacts): OnAir;
  leave(holder: Holder): void;
  /** The show goes on elsewhere, or cannot go on. */
  drop(channel: string, error: BatonError): void;
  /** Ends the show of a seat. @throws STORE_FAILED */
  close(seat: Seat): Promise<void>;
  /** Ends shows that were left. */
  sweep(): void;
  /** Drops shows that were taken over in another process. */
  look(): void;
  isEmpty(): boolean;
  /** Stores what came; the shows go on later. */
  clear(): Promise<void>;
}

export interface SeatsDeps {
  readonly ingest: Ingest;
  readonly now: () => Milliseconds;
  /** As channels are claimed: in the middle of a claim the store knows of it already, and the seats do not. */
  readonly inTurn: InTurn;
  /** To be waited for before the process ends. */
  readonly track: (work: Promise<void>) => void;
}

type ShowFacts = [about: Parameters<typeof createOnAir>[1], from: Parameters<typeof createOnAir>[2]];

export function createSeats({ ingest, now, inTurn, track }: SeatsDeps): Seats {
  const { shows, strictShows, onAir } = ingest;
  const seats = new Map<string, Seat>();

  function heldBy(holder: Holder): Seat | null {
    const seat = holder.channel === null ? undefined : seats.get(holder.channel);
    return seat?.holder === holder ? seat : null;
  }

  function drop(channel: string, error: BatonError): void {
    const seat = seats.get(channel);
    seats.delete(channel);
    onAir.delete(channel);
    const { holder = null } = seat ?? {};
    holder?.failed(error);
    if (seat !== undefined) track(seat.show.leave());
  }

  async function close(seat: Seat): Promise<void> {
    const { channel } = seat.show.name;
    try {
      await seat.show.end();
    } finally {
      if (seats.get(channel) === seat) seats.delete(channel);
      if (onAir.get(channel) === seat.show) onAir.delete(channel);
    }
  }

  async function lookAt(channel: string, seat: Seat): Promise<void> {
    const record = await shows.record(channel);
    if (record === null || record.publisher === seat.claim || seats.get(channel) !== seat) return;
    drop(channel, new BatonError('PUBLISHER_REPLACED', channel));
  }

  const isLeft = ({ holder, leftAt }: Seat): boolean => holder === null && now() - leftAt > ABANDONED_MS;

  return {
    ...{ heldBy, drop, close },
    find: (channel) => seats.get(channel) ?? null,
    seat: (seat) => {
      seats.set(seat.show.name.channel, seat);
      onAir.set(seat.show.name.channel, seat.show);
    },
    createShow: (name, about, from) => {
      const { channel } = name;
      const seated = (): Seat | null => {
        const seat = seats.get(channel) ?? null;
        return seat?.show === show ? seat : null; // what is stored of a show before says nothing of this one
      };
      const show: OnAir = createOnAir(name, about, from, {
        ...{ shows, strictShows, now },
        onStored: (next) => {
          const { holder = null } = seated() ?? {};
          holder?.perform(holder.session.stored(next));
        },
        onTaken: () => {
          if (seated() !== null) drop(channel, new BatonError('PUBLISHER_REPLACED', channel));
        },
      });
      return show;
    },
    leave: (holder) => {
      const seat = heldBy(holder);
      if (seat !== null) Object.assign(seat, { holder: null, leftAt: now() });
    },
    sweep: () => {
      for (const seat of seats.values()) if (isLeft(seat)) track(close(seat));
    },
    look: () => {
      for (const [channel, seat] of seats) if (!isLeft(seat)) track(inTurn(channel, () => lookAt(channel, seat)));
    },
    isEmpty: () => seats.size === 0,
    clear: async () => {
      await Promise.all([...seats.values()].map(({ show }) => show.leave()));
      seats.clear();
      onAir.clear();
    },
  };
}
