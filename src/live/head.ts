import type { Milliseconds, Samples } from '../units.ts';
import { decodeAnchor, encodeAnchor, type Anchor, type StoredAnchor } from './anchor.ts';
import { toSamples, type Epoch } from './epoch.ts';
import type { LiveTitle, Station } from '../intake/intake.ts';
import { decodeMark, encodeMark, type PictureMark, type StoredMark } from './picture-mark.ts';
import type { ShownRecord } from './shown-record.ts';

/** What everybody who carries a channel knows of it: one small record in the store. */
export interface Head {
  /** Names this life of the channel: its chunks and resume tokens are good for no other. */
  readonly version: string;
  /** Unix time of position 0. */
  readonly createdAt: Milliseconds;
  readonly station: Station;
  /** Those that somebody may still hear, oldest first. */
  readonly epochs: readonly Epoch[];
  /** Null until the first epoch has begun. */
  readonly anchor: Anchor | null;
  /** Oldest first. */
  readonly titles: readonly TitleMark[];
  /** Oldest first; left away where nobody has looked for any. */
  readonly pictures?: readonly PictureMark[];
  /** By rendition. */
  readonly renditions: Readonly<Record<string, RenditionHead>>;
}

/** What the station said, and from where on. */
export interface TitleMark extends LiveTitle {
  readonly at: Samples;
}

/** The chunks of a rendition that are in the store, and who makes the next ones. */
export interface RenditionHead {
  /** Runs of chunks without a hole, half-open, oldest first; the last one grows. */
  readonly runs: readonly (readonly [first: number, end: number])[];
  readonly lease: Lease | null;
  /** Of pictures: when those of the newest chunks are shown. */
  readonly shown?: ShownRecord;
  /** Who has turned to the source to make the next chunks; nobody, or not said: nobody has. */
  readonly claim?: Claim | null;
}

/** Who makes the chunks of a rendition at present. */
export interface Lease {
  readonly holder: string;
  /** Unix time of the last sign of life. */
  readonly renewedAt: Milliseconds;
  /** `yielding`: it is about to end, and whoever wants may take over. */
  readonly state: 'producing' | 'yielding';
}

/** Who is about to take over a lease that is free, or whose holder yields: as long as that takes, the holder goes on. */
export interface Claim {
  readonly holder: string;
  readonly renewedAt: Milliseconds;
}

/** A producer of which nothing was heard for so long is dead. */
export const LEASE_MS: Milliseconds = 2_000;

/** Whether something was heard of a producer lately. A clock that jumped back must not keep a lease for ever. */
export const isAlive = (held: Pick<Lease, 'renewedAt'> | null | undefined, now: Milliseconds): boolean =>
  held != null && Math.abs(now - held.renewedAt) <= LEASE_MS;

/** Whether `holder` may take the lease: nobody makes chunks, or who does lets others, and nobody else is about to. */
export function canTake(rendition: RenditionHead | undefined, holder: string, now: Milliseconds): boolean {
  const { lease, claim } = rendition ?? {};
  const isHeld = lease?.state === 'producing' && lease.holder !== holder && isAlive(lease, now);
  const isClaimed = claim != null && claim.holder !== holder && isAlive(claim, now);
  return !isHeld && !isClaimed;
}

/** The index behind the last stored chunk of a rendition; null when there is none. */
export const edgeOf = (rendition: RenditionHead | undefined): number | null => rendition?.runs.at(-1)?.[1] ?? null;

/** `runs` with chunk `index`, and without what lies before `oldest`. */
export function withChunk(
  runs: RenditionHead['runs'],
  index: number,
  oldest: number,
): readonly (readonly [number, number])[] {
  const last = runs.at(-1);
  const grown: RenditionHead['runs'] =
    last?.[1] === index
      ? [...runs.slice(0, -1), [last[0], index + 1]]
      : last !== undefined && index < last[1]
        ? runs
        : [...runs, [index, index + 1]];
  return grown.filter(([, end]) => end > oldest).map(([first, end]) => [Math.max(first, oldest), end] as const);
}

/** A station says another one every few minutes; one that says more is not remembered for longer. */
const MOST_TITLES = 300;

/** Those that can still be heard at `oldest`, or later. */
export const heardTitles = (titles: readonly TitleMark[], oldest: Samples): readonly TitleMark[] =>
  titles.filter((_, index) => (titles[index + 1]?.at ?? Infinity) >= oldest).slice(-MOST_TITLES);

/** The oldest position that listeners may still go back to. */
export const oldestOf = ({ createdAt }: Head, now: Milliseconds, dvrMs: Milliseconds): Samples =>
  toSamples(now - createdAt - dvrMs);

/** With what is on from `mark` on, unless others have noted it. */
export function withTitle(head: Head, mark: TitleMark, oldest: Samples): Head {
  const last = head.titles.at(-1);
  const isTold = last?.title === mark.title && last.artist === mark.artist;
  return isTold ? head : { ...head, titles: heardTitles([...head.titles, mark], oldest) };
}

/** With epoch `id` ended at `end`, unless it has ended before. */
export const withEnd = (head: Head, id: number, end: Samples): Head => ({
  ...head,
  epochs: head.epochs.map((each) => (each.id === id && each.end === null ? { ...each, end } : each)),
});

export const encodeHead = ({ pictures, ...head }: Head): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      ...head,
      ...(pictures === undefined ? {} : { pictures: pictures.map(encodeMark) }),
      epochs: head.epochs.map(({ format, ...epoch }) => ({
        ...epoch,
        format: {
          ...format,
          decoderConfig: format.decoderConfig && Buffer.from(format.decoderConfig).toString('base64'),
        },
      })),
      anchor: head.anchor && encodeAnchor(head.anchor),
    } satisfies StoredHead),
  );

/** Null for what is no head. */
export function decodeHead(bytes: Uint8Array): Head | null {
  try {
    const { pictures, ...stored } = JSON.parse(Buffer.from(bytes).toString()) as StoredHead;
    return {
      ...stored,
      ...(pictures === undefined ? {} : { pictures: pictures.map(decodeMark) }),
      epochs: stored.epochs.map(({ format, ...epoch }) => ({
        ...epoch,
        format: {
          ...format,
          decoderConfig: format.decoderConfig === null ? null : Buffer.from(format.decoderConfig, 'base64'),
        },
      })),
      anchor: stored.anchor && decodeAnchor(stored.anchor),
    };
  } catch {
    return null;
  }
}

type StoredFormat = Omit<Epoch['format'], 'decoderConfig'> & { readonly decoderConfig: string | null };

type StoredHead = Omit<Head, 'epochs' | 'anchor' | 'pictures'> & {
  readonly pictures?: readonly StoredMark[];
  readonly epochs: readonly (Omit<Epoch, 'format'> & { readonly format: StoredFormat })[];
  readonly anchor: StoredAnchor | null;
};
