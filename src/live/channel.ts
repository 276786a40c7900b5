import type { Net } from '../net/open.ts';
import { isShowAddress } from '../show-address.ts';
import type { Store } from '../store/store.ts';
import type { Milliseconds, Samples } from '../units.ts';
import { createBill, type Bill } from './bill.ts';
import { headFile, type HeadFile } from './head-file.ts';
import { openIntake, type Intake } from '../intake/intake.ts';
import { listen, type Listening, type SourceState } from './listening.ts';
import { createReel, type Reel } from './reel.ts';
import { createSoundtrack, type Soundtrack } from './soundtrack.ts';

/** What channels are made with. */
export interface ChannelDeps {
  readonly net: Net;
  /** Opens what is published here, as `openIntake` does a station; without it nothing is. */
  readonly openShow?: (url: string, signal: AbortSignal) => Promise<Intake>;
  readonly store: Store;
  /** Unix time, and a monotonic clock. */
  readonly now: () => Milliseconds;
  readonly clock: () => Milliseconds;
  readonly newVersion: () => string;
  readonly dvrMs: Milliseconds;
  readonly silenceMs: Milliseconds;
}

/** A live source in this process. */
export interface Channel {
  readonly head: HeadFile;
  readonly sound: Soundtrack;
  readonly reel: Reel;
  readonly bill: Bill;
  /** Listens to the source for as long as somebody holds it. */
  listen(): HeldListening;
  /** Its pictures are looked at from now on, when it is listened to. Gives the way to end that. */
  watch(): () => void;
  /** Null while nobody listens to the source here. */
  sourceState(): SourceState | null;
  /** How often a source was connected to, in all. */
  connections(): number;
  close(): Promise<void>;
}

export interface HeldListening {
  readonly listening: Listening;
  release(): Promise<void>;
}

/** The channel of a source and its fallback. `key` is that of its head; `chunkSamplesOf` knows the renditions in it. */
export function createChannel(
  urls: readonly [string, string?],
  key: string,
  chunkSamplesOf: (rendition: string) => Samples,
  deps: ChannelDeps,
): Channel {
  const head = headFile(deps.store, key);
  const sound = createSoundtrack();
  const reel = createReel(sound.pulse);
  let watchers = 0;
  const wantsPictures = (): boolean => watchers > 0;
  const bill = createBill();
  let current: { readonly listening: Listening; holders: number } | null = null;
  const stopping = new Set<Promise<void>>();
  let connectionsBefore = 0;

  const open = (url: string, signal: AbortSignal): Promise<Intake> =>
    deps.openShow !== undefined && isShowAddress(url)
      ? deps.openShow(url, signal)
      : openIntake(url, deps.net, signal, { wantsPictures });

  const begin = (): Listening =>
    listen(urls, {
      ...{ head, sound, reel, chunkSamplesOf, open, wantsPictures },
      meter: bill.meter,
      ...deps,
    });

  async function leave(held: NonNullable<typeof current>): Promise<void> {
    held.holders -= 1;
    if (held.holders > 0 || current !== held) return;
    current = null;
    connectionsBefore += held.listening.connections();
    await held.listening.stop();
  }

  return {
    head,
    sound,
    reel,
    bill,
    listen: () => {
      const held = (current ??= { listening: begin(), holders: 0 });
      held.holders += 1;
      held.listening.lost.catch(() => {
        if (current !== held) return;
        current = null; // the next one tries anew
        connectionsBefore += held.listening.connections();
        const stopped = held.listening.stop().finally(() => stopping.delete(stopped));
        stopping.add(stopped);
      });
      let isHeld = true;
      return {
        listening: held.listening,
        release: async () => {
          if (!isHeld) return;
          isHeld = false;
          await leave(held);
        },
      };
    },
    watch: () => {
      if (watchers++ === 0) reel.forget(); // nobody has looked at what came since
      return () => void (watchers -= 1);
    },
    sourceState: () => current?.listening.state() ?? null,
    connections: () => connectionsBefore + (current?.listening.connections() ?? 0),
    close: async () => {
      await Promise.all(stopping);
      await current?.listening.stop();
    },
  };
}
