import { BatonError, hasCode, toBatonError } from '../errors.ts';
import type { MediaPlaylist, Segment } from '../hls/media-playlist.ts';
import type { FragmentTrack } from '../media/fragment-init.ts';
import type { TimedTag } from '../media/mpeg-ts.ts';
import { type HlsReader } from '../source/hls-reader.ts';
import { type HlsCoding, type HlsPacket, type HlsSound, readSound } from '../source/hls-sound.ts';
import type { Milliseconds, Seconds } from '../units.ts';
import { type HlsPictures, readPictures } from '../source/hls-pictures.ts';
import { followPlaylist } from './hls-follow.ts';

/** What the segments of a channel hold, in order. */
export type HlsPiece =
  | {
      readonly kind: 'sound';
      readonly coding: HlsCoding;
      readonly packets: readonly HlsPacket[];
      readonly tags: readonly TimedTag[];
      /** Null where there are none, or nobody wants them. */
      readonly pictures: HlsPictures | null;
      readonly pending: Seconds;
      /** Its time stamps go on from those before. */
      readonly isNext: boolean;
    }
  /** Only the clock is to be set by it. */
  | { readonly kind: 'primer'; readonly coding: HlsCoding; readonly packets: readonly HlsPacket[] }
  | { readonly kind: 'gap'; readonly seconds: Seconds };

/** How the segments of a channel come in. */
export interface HlsSoundsDeps {
  readonly reader: HlsReader;
  readonly load: (signal: AbortSignal) => Promise<MediaPlaylist>;
  /** Asked before each segment. */
  readonly wantsPictures: () => boolean;
  /** Monotonic. */
  readonly clock: () => Milliseconds;
}

/** So many segments may be bad before anything was heard. */
const MOST_BAD = 3;
const NOTHING = new Uint8Array();

/**
 * The sound of a live playlist, segment by segment. One that is missing, damaged or late is a gap.
 * @throws what the first segments fail with when all do, SOURCE_PROTECTED, and what loading the playlist does
 */
export async function* hlsSounds(
  first: MediaPlaylist,
  { reader, load, wantsPictures, clock }: HlsSoundsDeps,
  signal: AbortSignal,
): AsyncGenerator<HlsPiece, void> {
  let known: HlsCoding | null = null;
  let carry: Uint8Array = NOTHING;
  let isNext = false;
  let bad = 0;
  let isHeard = false;

  let coding: HlsPictures['coding'] | null = null;

  const read = async (segment: Segment): Promise<HlsSound & Raw> => {
    const bytes = await reader.segment(segment, signal);
    const track = await reader.track(segment, signal);
    const sound = await readSound(bytes, {
      ...{ track, carry: segment.discontinuity ? NOTHING : carry },
      known: lasting(known),
    });
    return { ...sound, bytes, track };
  };

  /** Sound goes on, whatever pictures are like. */
  async function picturesIn(segment: Segment, { bytes, track: sound, packets }: HlsSound & Raw) {
    if (!wantsPictures()) return null;
    try {
      const track = await reader.pictureTrack(segment, signal);
      const near = packets[0]?.at ?? null;
      const read = readPictures(bytes, { track, near, known: segment.discontinuity ? null : coding });
      ({ coding } = read);
      return moved(read, (sound?.origin ?? 0) - (track?.origin ?? 0));
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }

  for await (const followed of followPlaylist(first, load, clock, signal)) {
    if (followed.kind !== 'segment') {
      yield { kind: 'gap', seconds: followed.kind === 'lost' ? followed.seconds : 0 };
      [carry, isNext] = [NOTHING, false];
      continue;
    }
    const { segment, isPrimer, pending } = followed;
    try {
      if (segment.gap) throw new BatonError('SOURCE_MISSING', `a gap at ${segment.mediaSequence}`);
      const sound = await read(segment);
      const { packets, tags } = sound;
      if (isPrimer) yield { kind: 'primer', coding: sound.coding, packets };
      else {
        const pictures = await picturesIn(segment, sound);
        const follows = isNext && !segment.discontinuity;
        yield { kind: 'sound', coding: sound.coding, packets, tags, pictures, pending, isNext: follows };
      }
      [known, carry, isNext, isHeard] = [sound.coding, sound.rest, true, isHeard || !isPrimer];
    } catch (error) {
      signal.throwIfAborted();
      if (isPrimer) continue;
      if (hasCode(error, 'SOURCE_PROTECTED') || (!isHeard && (++bad >= MOST_BAD || pending === 0)))
        throw toBatonError(error);
      yield { kind: 'gap', seconds: segment.duration };
      [carry, isNext] = [NOTHING, false];
    }
  }
}

/** A segment as it came, and its track of sound. */
interface Raw {
  readonly bytes: Uint8Array;
  readonly track: FragmentTrack | null;
}

const moved = ({ pictures, ...read }: HlsPictures, by: Seconds): HlsPictures => ({
  ...read,
  pictures: pictures.map((picture) => ({ ...picture, at: picture.at + by, decodedAt: picture.decodedAt + by })),
});

/** What may turn out to be HE-AAC yet is looked at again. */
const lasting = (known: HlsCoding | null): HlsCoding | null =>
  known?.codec === 'aac' && known.frameSamples <= 1024 && known.sampleRate <= 24_000 ? null : known;
