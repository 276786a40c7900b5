import { BatonError, hasCode } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import { loadPayload, savePayload, type Payload } from './payload.ts';
import { type Pin, strongValidator, validatorsOf } from './pin.ts';
import { type Pinned, pinnedReader, type ReadBytes, type SourceMeter } from './reader.ts';
import { recent } from './recent.ts';
import { shortHash, versionOf } from './record.ts';
import { type Identity, isSame, pinOf, resolve } from './resolve.ts';
import { revalidate } from './revalidate.ts';
import { sharing } from './sharing.ts';
import type { SourceDeps } from './shelf.ts';
import { statusError } from './status.ts';

/** Sources that are passed on as they are, without a look at what is in them. */
export interface Payloads {
  /**
   * The source behind `url`, looked at again when the last look is longer ago than `revalidateMs`. Throws what `look`
   * does, but for SOURCE_EMPTY.
   */
  open(url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Payload>;
  /**
   * The same for somebody who wants all of it. Where the origin has no ranges, the body comes with it, from a look of its
   * own: it is to be read or returned.
   */
  openWhole(url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Whole>;
  /** Bytes of the version that was opened, or none; goes on where the origin breaks off. Throws SOURCE_CHANGED. */
  readerOf(payload: Payload): ReadBytes;
  /** Waits for what is being written. */
  close(): Promise<void>;
}

/** A payload on its way. */
export interface Whole {
  readonly payload: Payload;
  /** Null when there are ranges to read it with. */
  readonly body: AsyncGenerator<Uint8Array, void> | null;
}

interface Held {
  payload: Payload;
  freshUntil: Milliseconds;
  /** When it was last seen to have changed. */
  staleAt: Milliseconds;
}

const HELD = 2048;
/** How soon an origin is asked again that could not tell whether the source is still the same. */
const UNSURE: Milliseconds = 10_000;

/** Remembers the 2,048 payloads used last, and leaves what it saw in the store for other processes. */
export function createPayloads({ net, store, now, revalidateMs }: Omit<SourceDeps, 'maxSpoolBytes'>): Payloads {
  const shelf = recent<string, Held>(HELD);
  const writes = new Set<Promise<unknown>>();

  /** The present version as far as it is known without resolving the link; else what it may turn out to be still. */
  const recall = sharing(async (url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Recalled> => {
    const known = await lastKnown(url, signal);
    if (known === null) return { present: null, previous: null };
    const age = now() - known.pin.checkedAt;
    if (age >= 0 && age < revalidateMs) return { present: keep(known), previous: null };
    const verdict = await revalidate(net, known, signal, meter);
    if (verdict === 'same')
      return { present: checked({ ...known, pin: { ...known.pin, checkedAt: now() } }), previous: null };
    if (verdict === 'unknown') return { present: keep(known, now() + UNSURE), previous: null };
    return { present: null, previous: verdict === 'gone' ? known.record : null };
  });

  async function lastKnown(url: string, signal: AbortSignal): Promise<Payload | null> {
    const held = shelf.get(url);
    const newest = held ? Math.max(held.payload.pin.checkedAt, held.staleAt) : -Infinity;
    const stored = await loadPayload(store, url, signal);
    return stored !== null && stored.pin.checkedAt > newest ? stored : (held?.payload ?? null);
  }

  async function present(url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Recalled> {
    const held = shelf.get(url);
    return held && now() < held.freshUntil ? { present: held.payload, previous: null } : recall(url, signal, meter);
  }

  async function open(url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Payload> {
    const { present: known, previous } = await present(url, signal, meter);
    if (known !== null) return known;
    const { payload, body } = await find(url, previous, signal, meter);
    await body?.return();
    return payload;
  }

  async function openWhole(url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Whole> {
    const { present: known, previous } = await present(url, signal, meter);
    return known?.pin.ranges === true ? { payload: known, body: null } : find(url, previous, signal, meter);
  }

  /** Resolves the link. What it finds may turn out to be `previous`, moved to another address. */
  async function find(
    url: string,
    previous: Identity | null,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<Whole> {
    try {
      const { look, identity } = await resolve(net, url, url, signal, meter);
      const found = await identity;
      const isMoved = previous !== null && found.tailHash !== null && isSame(previous, found);
      const record = isMoved ? previous : found;
      const payload = checked({ url, record, pin: pinOf(look, record.version, now()), type: look.type });
      return { payload, body: look.body };
    } catch (error) {
      if (!hasCode(error, 'SOURCE_EMPTY')) throw error;
      return { payload: checked(await findEmpty(url, signal)), body: null };
    }
  }

  async function findEmpty(url: string, signal: AbortSignal): Promise<Payload> {
    const opened = await net.open(url, { signal });
    opened.close();
    const { status, headers, url: finalUrl } = opened;
    if (status !== 200) throw statusError(status, finalUrl);
    const validators = validatorsOf(headers);
    const hash = shortHash('');
    const seen = { size: 0, headHash: hash, tailHash: hash, validator: strongValidator(validators) };
    const version = versionOf(url, seen);
    const pin: Pin = { ...validators, version, finalUrl, size: 0, ranges: true, checkedAt: now() };
    return { url, record: { ...seen, version }, pin, type: headers['content-type'] ?? null };
  }

  function readerOf(payload: Payload): ReadBytes {
    return pinnedReader(net, pinned(payload));
  }

  function pinned(payload: Payload): Pinned {
    const { url, record, pin: first } = payload;
    let pin = first;
    const newest = (): Pin => {
      const held = shelf.get(url)?.payload;
      return held?.record.version === record.version ? held.pin : pin;
    };
    return {
      pin: newest,
      repin: async (used, signal) => {
        if (newest() !== used) return;
        const { look, identity } = await resolve(net, url, url, signal);
        await look.body?.return();
        pin = pinOf(look, record.version, now());
        if (!isSame(record, await identity) || !pin.ranges) throw new BatonError('SOURCE_CHANGED', pin.finalUrl);
        checked({ ...payload, pin });
      },
      markStale: () => {
        const held = shelf.get(url)?.payload.record.version ?? record.version;
        if (held !== record.version) return; // somebody has looked since
        const stale = { ...payload, pin: { ...newest(), checkedAt: 0 } };
        shelf.set(url, { payload: stale, freshUntil: 0, staleAt: now() });
        later(savePayload(store, stale));
      },
    };
  }

  function keep(payload: Payload, freshUntil = payload.pin.checkedAt + revalidateMs): Payload {
    shelf.set(payload.url, { payload, freshUntil, staleAt: -Infinity });
    return payload;
  }

  /** `payload` as it was just seen at its origin, which the store is told, too. */
  function checked(payload: Payload): Payload {
    later(savePayload(store, payload));
    return keep(payload);
  }

  function later(write: Promise<unknown>): void {
    const settled = write.catch(() => undefined).finally(() => writes.delete(settled));
    writes.add(settled);
  }

  return { open, openWhole, readerOf, close: async () => void (await Promise.all(writes)) };
}

interface Recalled {
  readonly present: Payload | null;
  readonly previous: Identity | null;
}
