import { BatonError } from '../errors.ts';
import type { Net } from '../net/open.ts';
import type { Milliseconds } from '../units.ts';
import { HEAD_BYTES, type Look, look } from './look.ts';
import { type Pin, strongValidator } from './pin.ts';
import { type SourceMeter, pinnedReader, type ReadBytes } from './reader.ts';
import { type ProbeRecord, shortHash, versionOf } from './record.ts';
import { TAIL_BYTES } from './sample.ts';
import { takeAll } from './take.ts';

/** What tells one version of a source from another. */
export type Identity = Pick<ProbeRecord, 'version' | 'size' | 'headHash' | 'tailHash' | 'validator'>;

/** Where a link leads at present. */
export interface Resolved {
  readonly look: Look;
  /** The last 32 kB; null when the end cannot be read first. */
  readonly tail: Promise<Uint8Array> | null;
  /** Null where ranges are not honoured. */
  readonly read: ReadBytes | null;
  readonly identity: Promise<Identity>;
}

const HASHED_TAIL = 16_384;

/** Looks at both ends of what `address` leads to, for the source called `url`. Throws what `look` does. */
export async function resolve(
  net: Net,
  url: string,
  address: string,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Resolved> {
  const opening = await look(net, address, signal, meter);
  const read = opening.body === null ? rangeReader(net, opening) : null;
  const first = read ? await withWholeHead(opening, read, signal, meter) : opening;
  const tail = read && readTail(first, read, signal, meter);
  tail?.catch(() => undefined);
  const identity = identityOf(url, first, tail);
  identity.catch(() => undefined);
  return { look: first, tail, read, identity };
}

/** The pin of what was found at `checkedAt` (Unix time), as `version`. */
export const pinOf = ({ finalUrl, validators, size, body }: Look, version: string, checkedAt: Milliseconds): Pin => ({
  ...validators,
  ...{ version, finalUrl, size, ranges: body === null, checkedAt },
});

/** Nothing but the validators may differ: an origin gives new ones for a file that it moved. */
export const isSame = (record: Identity, found: Identity): boolean =>
  record.size === found.size && record.headHash === found.headHash && record.tailHash === found.tailHash;

/** While a source is looked at, nobody knows yet how to find it again. */
function rangeReader(net: Net, first: Look): ReadBytes {
  const pin = pinOf(first, '', 0);
  const lost = () => Promise.reject(new BatonError('SOURCE_FAILED', `${first.finalUrl} went away while it was probed`));
  return pinnedReader(net, { pin: () => pin, repin: lost, markStale: () => undefined });
}

async function withWholeHead(first: Look, read: ReadBytes, signal: AbortSignal, meter?: SourceMeter): Promise<Look> {
  const { head, size } = first;
  const end = Math.min(HEAD_BYTES, size ?? 0);
  if (head.length >= end) return first;
  return { ...first, head: Buffer.concat([head, await takeAll(read({ start: head.length, end }, signal, meter))]) };
}

async function readTail(
  { head, size }: Look,
  read: ReadBytes,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Uint8Array> {
  const end = size ?? head.length;
  const start = Math.max(0, end - TAIL_BYTES);
  const known = head.subarray(start);
  if (start >= head.length) return await takeAll(read({ start, end }, signal, meter));
  if (end === head.length) return known;
  return Buffer.concat([known, await takeAll(read({ start: head.length, end }, signal, meter))]);
}

async function identityOf(
  url: string,
  { head, size, validators }: Look,
  tail: Promise<Uint8Array> | null,
): Promise<Identity> {
  const seen = {
    size,
    headHash: shortHash(head),
    tailHash: tail && shortHash((await tail).subarray(-HASHED_TAIL)),
    validator: strongValidator(validators),
  };
  return { ...seen, version: versionOf(url, seen) };
}
