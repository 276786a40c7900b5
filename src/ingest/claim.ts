import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { BatonError, toBatonError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import { hasPictures } from './format.ts';
import type { InTurn } from './in-turn.ts';
import type { Hello, Links } from './message.ts';
import type { Connected } from './publisher.ts';
import type { Seat, Seats } from './seats.ts';
import type { ShowName, ShowStore } from './show-store.ts';
import { standing } from './standing.ts';

export interface ClaimDeps {
  readonly shows: ShowStore;
  /** What has been published is looked for here: a show that cannot be read must not begin anew. */
  readonly strictShows: ShowStore;
  readonly seats: Seats;
  readonly inTurn: InTurn;
  readonly now: () => Milliseconds;
  /** Where a channel is heard, and a show that has ended. */
  readonly channelLinks: (channel: string, hasPictures: boolean) => Links | null;
  readonly recordingLinks: (name: ShowName, hasPictures: boolean) => Links | null;
  /** @throws PUBLISHER_REFUSED, PUBLISHER_EXPIRED */
  readonly checkToken: (token: string, channel: string) => void;
  /** Whether the publisher waits for an answer still. */
  readonly isThere: (publisher: Connected) => boolean;
}

/** Takes claims of channels, those of one channel in turn; the newest has it. Tells the publisher what came of it. */
export function claiming(deps: ClaimDeps): (publisher: Connected, hello: Hello) => Promise<void> {
  return async (publisher, hello) => {
    const { channel } = hello;
    try {
      deps.checkToken(hello.token, channel);
      publisher.channel = channel;
      await deps.inTurn(channel, () => give(publisher, hello, deps));
    } catch (thrown) {
      publisher.failed(toBatonError(thrown));
    }
  };
}

/** Gives the channel to `publisher`, whoever had it before. */
async function give(publisher: Connected, hello: Hello, deps: ClaimDeps): Promise<void> {
  const { channel, show, format, name: station } = hello;
  const { shows, seats, now, isThere } = deps;
  if (!isThere(publisher)) return;
  const name: ShowName = { channel, show };
  const known = seats.find(channel);
  const tookOver = (known?.holder ?? null) !== null && known?.show.name.show !== show;
  known?.holder?.failed(new BatonError('PUBLISHER_REPLACED', channel));
  const claimed = randomUUID();
  const { before, resumes } = await shows.claim(channel, { show, publisher: claimed, claimedAt: now() });
  if (known !== null && (known.show.name.show !== show || known.show.hasEnded())) await seats.close(known);
  else if (known === null && before !== null && before.show !== show)
    await deps.strictShows.finish({ channel, show: before.show }, now());
  const here = seats.find(channel);
  const state = here === null ? await standing(deps.strictShows, name, format) : null;
  const recording = state === 'ended' ? deps.recordingLinks(name, hasPictures(format)) : null;
  const links = deps.channelLinks(channel, hasPictures(format));
  if (!isThere(publisher)) return;
  if (state === 'ended') {
    const last = await deps.strictShows.last(name);
    const next = last?.batch.next ?? 0;
    const over = { next, stored: next, hasEnded: true, isOnAir: false, recording, links };
    return void publisher.perform(publisher.session.claimed(over, now()));
  }
  if (here !== null && JSON.stringify(here.show.format) !== JSON.stringify(format))
    throw new BatonError('INGEST_FORMAT', 'another format than in the hello before');
  const seated: Seat = {
    show: here?.show ?? seats.createShow(name, { format, station, serial: crc32(`${channel}/${show}`) }, state),
    ...{ claim: claimed, holder: publisher, leftAt: now() },
  };
  seats.seat(seated);
  publisher.seated({ resumes, tookOver });
  const [next, stored] = [seated.show.next(), seated.show.stored()];
  const goesOn = { next, stored, hasEnded: false, isOnAir: false, recording, links };
  publisher.perform(publisher.session.claimed(goesOn, now()));
}
