import { setTimeout as sleep } from 'node:timers/promises';
import type { Milliseconds } from '../units.ts';
import type { HeldListening } from './channel.ts';
import { canTake, isAlive, LEASE_MS, type Head, type Lease, type RenditionHead } from './head.ts';
import { produce, type LiveOutput, type ProduceDeps } from './produce.ts';

/** What carrying a rendition takes. */
export interface CarryDeps extends ProduceDeps {
  /** Begins to listen to the source, or holds on to who does. */
  readonly listen: () => HeldListening;
  /** Monotonic. */
  readonly clock: () => Milliseconds;
  readonly onState: (state: CarryState) => void;
}

/** `looking`: for who makes the chunks, or for the source, to make them; `following`: somebody else makes them, or is about to. */
export type CarryState = 'looking' | 'following' | 'producing';

/** How often a head is looked at while others make the chunks; after a chunk the next one takes a while. */
const POLL_MS: Milliseconds = 200;
const QUIET_MS: Milliseconds = 1_000;
/** A claim is made anew so often. */
const CLAIM_MS: Milliseconds = 700;
/** Producers renew their leases again within this time after the store has come back. */
const AWAY_MS: Milliseconds = 5_000;
/** Who could not reach the source lets others try for so long. */
const FAILED_MS: Milliseconds = 2_000;

/**
 * Sees to it that a rendition goes on, until `signal` is aborted: makes its chunks when nobody does, else watches who does
 * and takes over when that one is gone or lets others. Throws what the source or encoding failed with, unless somebody
 * else makes chunks.
 */
export async function carry(output: LiveOutput, deps: CarryDeps, signal: AbortSignal): Promise<void> {
  const watch = headWatch(deps);
  let failedAt = -Infinity;
  while (!signal.aborted) {
    const rendition = (await deps.head.read(signal))?.renditions[output.name];
    const isOurTurn = deps.clock() - failedAt > FAILED_MS && watch.canTake(rendition);
    if (isOurTurn && (await claimed(output, deps, signal))) {
      try {
        await produceOnce(output, deps, signal);
      } catch (thrown) {
        const lease = deps.head.latest()?.renditions[output.name]?.lease;
        if (lease?.holder === deps.holder || !isAlive(lease, deps.now())) throw thrown;
        failedAt = deps.clock();
      }
    } else {
      deps.onState('following');
      deps.shelf.pulse.beat(); // what is stored may be more
      await sleep(watch.pauseMs(rendition), undefined, { signal }).catch(() => undefined);
    }
  }
}

/**
 * By its own clock, where the other one's is not to be trusted: a lease that nobody has renewed while one watched is free.
 * While the store is away, and when it has just come back, nobody can have.
 */
function headWatch({ now, clock, holder, head }: CarryDeps): {
  canTake(rendition: RenditionHead | undefined): boolean;
  pauseMs(rendition: RenditionHead | undefined): Milliseconds;
} {
  let seen = '';
  let seenAt = -Infinity;
  let changedAt = -Infinity;
  let awayAt = -Infinity;
  return {
    canTake: (rendition) => {
      const sign = JSON.stringify([rendition?.lease, rendition?.claim]);
      if (sign !== seen) {
        if (seen !== '') changedAt = clock();
        [seen, seenAt] = [sign, clock()];
      }
      if (head.isAway()) awayAt = clock();
      const isHeld = rendition?.lease?.state === 'producing' && rendition.lease.holder !== holder;
      if (isHeld && clock() - awayAt < AWAY_MS) return clock() - seenAt > AWAY_MS;
      return canTake(rendition, holder, now()) || clock() - seenAt > LEASE_MS;
    },
    pauseMs: (rendition) => {
      const signs = [rendition?.lease, rendition?.claim].map((held) => held?.renewedAt ?? -Infinity);
      const freeInMs = Math.max(...signs) + LEASE_MS + 1 - now();
      const pauseMs = Math.max(POLL_MS, changedAt + QUIET_MS - clock());
      return freeInMs > 0 ? Math.min(pauseMs, freeInMs) : pauseMs;
    },
  };
}

/** Says that this one is about to make the chunks, so that not everybody turns to the source; false when another one is. */
async function claimed({ name }: LiveOutput, { head, holder, now }: CarryDeps, signal: AbortSignal): Promise<boolean> {
  const after = await head.update((known) => {
    const rendition = known?.renditions[name] ?? NOTHING;
    if (known === null || !canTake(rendition, holder, now())) return known;
    return withRendition(known, name, { ...rendition, claim: { holder, renewedAt: now() } });
  }, signal);
  return after === null || after.renditions[name]?.claim?.holder === holder;
}

const NOTHING: RenditionHead = { runs: [], lease: null };

const withRendition = (head: Head, name: string, rendition: RenditionHead): Head => ({
  ...head,
  renditions: { ...head.renditions, [name]: rendition },
});

async function produceOnce(output: LiveOutput, deps: CarryDeps, signal: AbortSignal): Promise<void> {
  deps.onState('looking');
  const held = deps.listen();
  try {
    while (!(await within(held.listening.begun, CLAIM_MS, signal))) {
      await claimed(output, deps, signal);
      deps.shelf.pulse.beat();
    }
    const head = await deps.head.update((known) => known && leased(known, output, deps), signal);
    if (head?.renditions[output.name]?.lease?.holder !== deps.holder) return;
    deps.onState('producing');
    const stopping = new AbortController();
    held.listening.lost.catch((reason: unknown) => stopping.abort(reason));
    await produce(output, deps, AbortSignal.any([signal, stopping.signal]));
  } finally {
    await held.release();
    await letGo(output, deps, signal.aborted);
  }
}

/** Whether `work` is done within `ms`. Throws what it throws, and the reason of `signal`. */
async function within(work: Promise<unknown>, ms: Milliseconds, signal: AbortSignal): Promise<boolean> {
  const enough = new AbortController();
  const late = sleep(ms, false, { signal: AbortSignal.any([signal, enough.signal]) }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    enough.abort();
    signal.throwIfAborted();
  }
}

/** The head with the lease in this producer's hand, unless somebody else has just taken it. */
function leased(head: Head, { name }: LiveOutput, { holder, now }: CarryDeps): Head {
  const rendition = head.renditions[name] ?? NOTHING;
  if (rendition.lease?.holder !== holder && !canTake(rendition, holder, now())) return head;
  const lease: Lease = { holder, renewedAt: now(), state: 'producing' };
  return withRendition(head, name, { ...rendition, lease, claim: null });
}

/** Whoever comes next need not wait: for the claim, nor, where this one `isLeaving`, for the lease. */
async function letGo({ name }: LiveOutput, { head, holder }: CarryDeps, isLeaving: boolean): Promise<void> {
  const freed = (known: Head | null): Head | null => {
    const rendition = known?.renditions[name];
    if (known == null || rendition === undefined) return known;
    const { lease, claim } = rendition;
    const isClaimed = claim?.holder === holder;
    const isHeld = isLeaving && lease?.holder === holder && lease.state === 'producing';
    if (!isClaimed && !isHeld) return known;
    return withRendition(known, name, {
      ...rendition,
      lease: isHeld ? { ...lease, state: 'yielding' } : lease,
      claim: isClaimed ? null : (claim ?? null),
    });
  };
  const latest = head.latest();
  if (freed(latest) === latest) return;
  await head.update(freed, NEVER).catch(() => undefined);
}

const NEVER = new AbortController().signal;
