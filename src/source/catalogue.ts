import { randomUUID } from 'node:crypto';
import { hasCode } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import { isHls, shapeOf, soundPlaylist, type SoundPlaylist, wholePlaylist } from './hls-playlist.ts';
import { hlsSupply, revalidateHls } from './hls-supply.ts';
import type { Holding } from './holding.ts';
import type { Look } from './look.ts';
import { movieMedium } from './medium.ts';
import { openPictureSegments } from './picture-segments.ts';
import { loadPin } from './pin.ts';
import { probe } from './probe.ts';
import { probeHls, silentHlsRecord } from './probe-hls.ts';
import type { SourceMeter } from './reader.ts';
import { decodeRecord, encodeRecord, type ProbeRecord, probeKey, type Source } from './record.ts';
import { isSame, pinOf, type Resolved, resolve } from './resolve.ts';
import { revalidate } from './revalidate.ts';
import { sharing } from './sharing.ts';
import type { Shelf, SourceDeps } from './shelf.ts';
import { rangedSupply, segmentSupply, spooledSupply } from './supply.ts';

/** Finds the present version of the source behind `url`, looking at its origin only when that is due. */
export type Find = (url: string, signal: AbortSignal, meter?: SourceMeter) => Promise<Holding>;

/** Playlists are told by what they say. */
const NO_VALIDATORS = { etag: null, modified: null, modifiedIsStrong: false } as const;
/** How soon an origin is asked again that could not tell whether the source is still the same. */
const UNSURE: Milliseconds = 10_000;

/** Looks sources up: on the shelf, in the store, at their pinned address, and at last where their link leads. */
export function createCatalogue({ net, store, now, revalidateMs, maxSpoolBytes }: SourceDeps, shelf: Shelf): Find {
  const lookUp = sharing(async (url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Holding> => {
    const known = await lastKnown(url, signal);
    if (known === null) return await findAnew(url, null, signal, meter);
    const age = now() - known.pin.checkedAt;
    if (age >= 0 && age < revalidateMs) return shelf.keep(known);

    const verdict = await (known.record.hls === undefined
      ? revalidate(net, known, signal, meter)
      : revalidateHls(net, known.pin, known.record.hls.shape, signal, meter));
    if (verdict === 'same') return shelf.keep(shelf.checked(known, { ...known.pin, checkedAt: now() }));
    if (verdict === 'unknown') return Object.assign(shelf.keep(known), { freshUntil: now() + UNSURE });
    return await findAnew(url, verdict === 'gone' ? known.record : null, signal, meter);
  });

  /** From the store, where other processes leave what they saw, or from the shelf. */
  async function lastKnown(url: string, signal: AbortSignal): Promise<Source | null> {
    const held = shelf.at(url);
    const newest = held ? Math.max(held.source.pin.checkedAt, held.staleAt) : -Infinity;
    const stored = await loadPin(store, url, signal);
    if (stored === null || newest >= stored.checkedAt) return held?.source ?? null;
    if (held?.source.pin.version === stored.version) return { ...held.source, pin: stored };
    const bytes = await store.get(probeKey(stored.version), signal);
    const record = bytes && decodeRecord(bytes.bytes);
    return record && { url, record, pin: stored };
  }

  /** Resolves the link. What it finds may turn out to be `previous`, moved to another address. */
  async function findAnew(
    url: string,
    previous: ProbeRecord | null,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<Holding> {
    const stop = new AbortController(); // a download that begins here goes on when the probe is over
    const leave = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', leave);
    try {
      const found = await resolve(net, url, url, stop.signal, meter);
      if (previous === null || !isSame(previous, await found.identity)) return await admit(url, found, stop, meter);
      await found.look.body?.return();
      return shelf.keep(shelf.checked({ url, record: previous }, pinOf(found.look, previous.version, now())));
    } catch (error) {
      stop.abort();
      throw error;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Probes what was found, and keeps what was opened for it. */
  async function admit(url: string, found: Resolved, stop: AbortController, meter?: SourceMeter): Promise<Holding> {
    const { body, head, size } = found.look;
    if (isHls(head)) return await admitHls(url, found.look, stop.signal, meter);
    // With ranges the version is known only when the end has been read, which nobody needs to wait for.
    const id = body === null ? randomUUID() : (await found.identity).version;
    let holding: Holding | null = null;
    const pinned = shelf.pinned(() => holding, pinOf(found.look, id, now()));
    const supply =
      body === null
        ? rangedSupply(net, shelf.blocks, id, size, pinned)
        : spooledSupply(net, store, maxSpoolBytes, pinned, body, stop);
    if (body === null) shelf.blocks.keepHead(id, head, size ?? 0);

    const { record, movie } = await probe(found, supply.read, stop.signal, meter);
    const source = shelf.checked({ url, record }, pinOf(found.look, record.version, now()));
    holding = shelf.keep(source, supply, movie && movieMedium(movie, record, store));
    shelf.later(store.putIfAbsent(probeKey(record.version), encodeRecord(record)));
    return holding;
  }

  async function admitHls(url: string, look: Look, signal: AbortSignal, meter?: SourceMeter): Promise<Holding> {
    const text = await wholePlaylist(look, net, signal, meter);
    try {
      return await admitSound(url, await soundPlaylist(text, net, signal, meter), signal, meter);
    } catch (error) {
      if (hasCode(error, 'SOURCE_NO_AUDIO')) return await admitSilent(url, error, signal, meter);
      throw error;
    }
  }

  async function admitSound(
    url: string,
    { media, url: finalUrl }: SoundPlaylist,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<Holding> {
    const shape = shapeOf(media);
    const pin = { ...NO_VALIDATORS, version: '', finalUrl, size: null, ranges: true, checkedAt: now() };
    let holding: Holding | null = null;
    const hls = hlsSupply(
      net,
      shelf.pinnedHls(() => holding, { url, pin }, shape),
      media,
    );
    const record = await probeHls(url, media, hls.reader, signal, meter);
    const source = shelf.checked({ url, record }, { ...pin, version: record.version });
    holding = shelf.keep(source, segmentSupply(hls));
    shelf.later(store.putIfAbsent(probeKey(record.version), encodeRecord(record)));
    return holding;
  }

  /** A playlist of pictures alone. Throws `reason` where it has none, either. */
  async function admitSilent(url: string, reason: unknown, signal: AbortSignal, meter?: SourceMeter): Promise<Holding> {
    const pictures = await openPictureSegments(url, net, signal, meter).catch(() => null);
    signal.throwIfAborted();
    const first = await pictures?.first(0, null, signal, meter);
    if (pictures === null || !first) throw reason;
    const record = silentHlsRecord(url, pictures.shape);
    const pin = { ...NO_VALIDATORS, version: record.version, finalUrl: pictures.url, size: null, ranges: true };
    const holding = shelf.keep(shelf.checked({ url, record }, { ...pin, checkedAt: now() }));
    shelf.later(store.putIfAbsent(probeKey(record.version), encodeRecord(record)));
    return holding;
  }

  return (url, signal, meter) => {
    const held = shelf.at(url);
    return held && now() < held.freshUntil ? Promise.resolve(held) : lookUp(url, signal, meter);
  };
}
