import { crc32 } from 'node:zlib';
import { BatonError, hasCode } from '../errors.ts';
import type { MediaPlaylist, Segment } from '../hls/media-playlist.ts';
import type { Bytes } from '../units.ts';
import type { HlsEntry, HlsIndex } from './hls-index.ts';
import { type HlsCoding, type HlsSound, readSound } from './hls-sound.ts';
import type { HlsSupply } from './hls-supply.ts';
import type { SourceMeter } from './reader.ts';
import { recent } from './recent.ts';
import { sharing } from './sharing.ts';

/** A segment as it came. */
export interface HlsSegment {
  readonly entry: HlsEntry;
  /** Null where silence stands for it. */
  readonly sound: HlsSound | null;
}

/** The segments of a source, the ones read last at hand. */
export interface HlsSegments {
  playlist(signal: AbortSignal, meter?: SourceMeter): Promise<MediaPlaylist>;
  /** Throws SOURCE_CHANGED where it is not what the index knows, and what reading does. */
  read(number: number, signal: AbortSignal, meter?: SourceMeter): Promise<HlsSegment>;
  /** Asks for a segment that is read next. */
  ahead(number: number, signal: AbortSignal, meter?: SourceMeter): void;
}

const KEPT = 6;
/** Of sound: a segment of ten minutes at 128 kbit/s. */
const MOST_KEPT: Bytes = 10_000_000;
const NOTHING = new Uint8Array();

export function hlsSegments(supply: HlsSupply, coding: HlsCoding, index: HlsIndex): HlsSegments {
  const known = recent<number, HlsSegment>(KEPT);
  const coming = recent<number, Promise<Uint8Array | null>>(KEPT);
  const load = sharing(async (name: string, signal: AbortSignal, meter?: SourceMeter): Promise<HlsSegment> => {
    const number = Number(name);
    const found = await readSegment(number, signal, meter);
    const size = found.sound?.packets.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? 0;
    if (size <= MOST_KEPT) known.set(number, found);
    return found;
  });

  async function readSegment(number: number, signal: AbortSignal, meter?: SourceMeter): Promise<HlsSegment> {
    const expected = index.entry(number);
    const media = await supply.playlist(signal, meter);
    const segment = media.segments[number];
    if (segment === undefined || segment.gap || expected?.bytes === 0) return MISSING;
    const begun = coming.get(number);
    coming.delete(number);
    // What was asked for by somebody who left may have failed for that alone.
    const bytes = (await begun?.catch(() => null)) ?? (await fetched(media, number, segment, signal, meter));
    if (bytes === null || bytes.length === 0) return MISSING;
    const checksum = crc32(bytes);
    if (expected !== undefined && (expected.bytes !== bytes.length || expected.checksum !== checksum)) {
      supply.markStale();
      throw new BatonError('SOURCE_CHANGED', `another segment ${number}`);
    }
    const sound = await soundIn(bytes, number, segment, signal, meter);
    const kind = sound === null ? 'silent' : 'sound';
    return { sound, entry: { kind, bytes: bytes.length, checksum, isCut: (sound?.rest.length ?? 0) > 0 } };
  }

  /** Null where there is nothing, not even where its link leads to now. */
  async function fetched(
    media: MediaPlaylist,
    number: number,
    segment: Segment,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<Uint8Array | null> {
    try {
      return await supply.reader.segment(segment, signal, meter);
    } catch (error) {
      if (hasCode(error, 'SOURCE_DAMAGED')) return null;
      if (!hasCode(error, 'SOURCE_MISSING', 'SOURCE_PRIVATE')) throw error;
      const again = (await supply.anew(media, signal, meter)).segments[number];
      if (again !== undefined && again.url !== segment.url) return await missingAsNull(again, signal, meter);
      if (hasCode(error, 'SOURCE_PRIVATE')) throw error;
      return null;
    }
  }

  async function missingAsNull(segment: Segment, signal: AbortSignal, meter?: SourceMeter): Promise<Uint8Array | null> {
    try {
      return await supply.reader.segment(segment, signal, meter);
    } catch (error) {
      if (hasCode(error, 'SOURCE_MISSING', 'SOURCE_DAMAGED')) return null;
      throw error;
    }
  }

  /** Null where it is nothing that this decoder takes. */
  async function soundIn(
    bytes: Uint8Array,
    number: number,
    segment: Segment,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<HlsSound | null> {
    try {
      const track = await supply.reader.track(segment, signal, meter);
      const carry = segment.discontinuity ? NOTHING : await carryOf(number - 1, signal, meter);
      const sound = await readSound(bytes, { track, carry, known: coding });
      return sound.coding.core === coding.core ? sound : null;
    } catch (error) {
      if (hasCode(error, 'SOURCE_DAMAGED', 'SOURCE_NO_AUDIO', 'CODEC_UNSUPPORTED', 'SOURCE_PROTECTED')) return null;
      throw error;
    }
  }

  async function carryOf(number: number, signal: AbortSignal, meter?: SourceMeter): Promise<Uint8Array> {
    if (index.entry(number)?.isCut !== true) return NOTHING;
    const before = known.get(number) ?? (await load(String(number), signal, meter));
    return before.sound?.rest ?? NOTHING;
  }

  return {
    playlist: (signal, meter) => supply.playlist(signal, meter),
    ahead: (number, signal, meter) => {
      if (known.get(number) !== undefined || coming.get(number) !== undefined) return;
      const reading = supply.playlist(signal, meter).then(async (media) => {
        const segment = media.segments[number];
        return segment === undefined || segment.gap ? null : await fetched(media, number, segment, signal, meter);
      });
      reading.catch(() => undefined);
      coming.set(number, reading);
    },
    read: async (number, signal, meter) => known.get(number) ?? (await load(String(number), signal, meter)),
  };
}

const MISSING: HlsSegment = { entry: { kind: 'silent', bytes: 0, checksum: 0, isCut: false }, sound: null };
