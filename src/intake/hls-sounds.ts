import { BatonError, hasCode, toBatonError } from '../errors.ts';
import type { MediaPlaylist, Segment } from '../hls/media-playlist.ts';
import type { TimedTag } from '../media/mpeg-ts.ts';
import { type HlsReader } from '../source/hls-reader.ts';
import { type HlsCoding, type HlsPacket, type HlsSound, readSound } from '../source/hls-sound.ts';
import type { Milliseconds, Seconds } from '../units.ts';
import { followPlaylist } from './hls-follow.ts';

/** What the segments of a channel hold, in order. */
export type HlsPiece =
  | {
      readonly kind: 'sound';
      readonly coding: HlsCoding;
      readonly packets: readonly HlsPacket[];
      readonly tags: readonly TimedTag[];
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
  { reader, load, clock }: HlsSoundsDeps,
  signal: AbortSignal,
): AsyncGenerator<HlsPiece, void> {
  let known: HlsCoding | null = null;
  let carry: Uint8Array = NOTHING;
  let isNext = false;
  let bad = 0;
  let isHeard = false;

  const read = async (segment: Segment): Promise<HlsSound> => {
    const bytes = await reader.segment(segment, signal);
    const track = await reader.track(segment, signal);
    return await readSound(bytes, { track, carry: segment.discontinuity ? NOTHING : carry, known: lasting(known) });
  };

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
      const { coding, packets, tags } = sound;
      yield isPrimer
        ? { kind: 'primer', coding, packets }
        : { kind: 'sound', coding, packets, tags, pending, isNext: isNext && !segment.discontinuity };
      [known, carry, isNext, isHeard] = [coding, sound.rest, true, isHeard || !isPrimer];
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

/** What may turn out to be HE-AAC yet is looked at again. */
const lasting = (known: HlsCoding | null): HlsCoding | null =>
  known?.codec === 'aac' && known.frameSamples <= 1024 && known.sampleRate <= 24_000 ? null : known;
