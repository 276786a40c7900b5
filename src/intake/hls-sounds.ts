import { BatonError, hasCode, toBatonError } from '../errors.ts';
import type { MediaPlaylist, Segment } from '../hls/media-playlist.ts';
import type { FragmentTrack } from '../media/fragment-init.ts';
import type { TimedTag } from '../media/mpeg-ts.ts';
import { type HlsReader } from '../source/hls-reader.ts';
import { type HlsCoding, type HlsPacket, type HlsSound, readSound } from '../source/hls-sound.ts';
import type { Milliseconds, Seconds } from '../units.ts';
import { type HlsPictures, readPictures } from '../source/hls-pictures.ts';
import type { HlsBeside } from './hls-beside.ts';
import type { BesidePictures, HeardSegment } from './hls-beside-follow.ts';
import { followPlaylist } from './hls-follow.ts';

/** What the segments of a channel hold, in order. */
export type HlsPiece =
  | {
      readonly kind: 'sound';
      readonly coding: HlsCoding;
      readonly packets: readonly HlsPacket[];
      readonly tags: readonly TimedTag[];
      /** See `HeardSegment`, and what time stamps say where the presentation begins. */
      readonly stretch: number;
      readonly origin: Seconds;
      /** Those in the segment; null where there are none, or nobody wants them. */
      readonly pictures: HlsPictures | null;
      /** Those that come beside it. */
      readonly beside: readonly BesidePictures[];
      /** What they are asked for with, by who comes later; null where they were asked for, or cannot be. */
      readonly unasked: HeardSegment | null;
      readonly pending: Seconds;
      /** Its time stamps go on from those before. */
      readonly isNext: boolean;
    }
  /** Only the clock is to be set by it. */
  | { readonly kind: 'primer'; readonly coding: HlsCoding; readonly packets: readonly HlsPacket[] }
  /** `isPast`: what follows it is there already, and comes at once. */
  | { readonly kind: 'gap'; readonly seconds: Seconds; readonly isPast: boolean };

/** How the segments of a channel come in. */
export interface HlsSoundsDeps {
  readonly reader: HlsReader;
  readonly load: (signal: AbortSignal) => Promise<MediaPlaylist>;
  /** Asked before each segment. */
  readonly wantsPictures: () => boolean;
  /** Null where pictures are in the segments of the sound, if there are any. */
  readonly beside: HlsBeside | null;
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
  { reader, load, wantsPictures, beside, clock }: HlsSoundsDeps,
  signal: AbortSignal,
): AsyncGenerator<HlsPiece, void> {
  let known: HlsCoding | null = null;
  let carry: Uint8Array = NOTHING;
  let isNext = false;
  let bad = 0;
  let isHeard = false;

  let coding: HlsPictures['coding'] | null = null;
  let media = first;
  let stretch = 0;

  const loaded = async (stop: AbortSignal): Promise<MediaPlaylist> => (media = await load(stop));

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
  async function picturesIn(segment: Segment, { bytes, packets }: HlsSound & Raw): Promise<HlsPictures | null> {
    if (!wantsPictures() || beside !== null) return null;
    try {
      const track = await reader.pictureTrack(segment, signal);
      const near = packets[0]?.at ?? null;
      const read = readPictures(bytes, { track, near, known: segment.discontinuity ? null : coding });
      ({ coding } = read);
      return read;
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }

  /** Null where nobody asks for any. */
  async function picturesBeside(heard: HeardSegment | null): Promise<readonly BesidePictures[] | null> {
    if (!wantsPictures()) beside?.forget();
    return wantsPictures() && beside !== null && heard !== null ? await beside.upTo(heard, signal) : null;
  }

  function heardIn(segment: Segment, { packets, coding, track }: HlsSound & Raw): HeardSegment | null {
    const stamped = packets.findIndex(({ at }) => at !== null);
    if (stamped < 0) return null;
    const from = (packets[stamped]?.at ?? 0) - (track?.origin ?? 0);
    const samples = packets.slice(stamped).reduce((sum, packet) => sum + packet.samples, 0);
    return { segment, media, stretch, from, to: from + samples / coding.sampleRate };
  }

  for await (const followed of followPlaylist(first, loaded, clock, signal)) {
    if (followed.kind !== 'segment') {
      stretch += 1;
      beside?.forget();
      yield { kind: 'gap', seconds: followed.kind === 'lost' ? followed.seconds : 0, isPast: true };
      [carry, isNext] = [NOTHING, false];
      continue;
    }
    const { segment, isPrimer, pending } = followed;
    if (segment.discontinuity) stretch += 1;
    try {
      if (segment.gap) throw new BatonError('SOURCE_MISSING', `a gap at ${segment.mediaSequence}`);
      const sound = await read(segment);
      const { packets, tags } = sound;
      if (isPrimer) yield { kind: 'primer', coding: sound.coding, packets };
      else {
        const pictures = await picturesIn(segment, sound);
        const heard = heardIn(segment, sound);
        const others = await picturesBeside(heard);
        const asked = { beside: others ?? [], unasked: others === null ? heard : null };
        const follows = { isNext: isNext && !segment.discontinuity, stretch, origin: sound.track?.origin ?? 0 };
        yield { kind: 'sound', coding: sound.coding, packets, tags, pictures, ...asked, pending, ...follows };
      }
      [known, carry, isNext, isHeard] = [sound.coding, sound.rest, true, isHeard || !isPrimer];
    } catch (error) {
      signal.throwIfAborted();
      if (isPrimer) continue;
      if (hasCode(error, 'SOURCE_PROTECTED') || (!isHeard && (++bad >= MOST_BAD || pending === 0)))
        throw toBatonError(error);
      yield { kind: 'gap', seconds: segment.duration, isPast: false };
      [carry, isNext] = [NOTHING, false];
    }
  }
}

/** A segment as it came, and its track of sound. */
interface Raw {
  readonly bytes: Uint8Array;
  readonly track: FragmentTrack | null;
}

/** What may turn out to be HE-AAC yet is looked at again. */
const lasting = (known: HlsCoding | null): HlsCoding | null =>
  known?.codec === 'aac' && known.frameSamples <= 1024 && known.sampleRate <= 24_000 ? null : known;
