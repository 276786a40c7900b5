import { BatonError } from '../errors.ts';
import { FLAC_HEAD_BYTES, readFlacInfo } from '../media/flac.ts';
import { cleanText, splitTitle } from '../media/icy-title.ts';
import type { OggOpening } from '../media/ogg-opening.ts';
import { oggSound } from '../media/ogg-track.ts';
import { flacSamples, opusSamples, type PacketSamples, vorbisSamples } from '../media/packet-samples.ts';
import { readVorbisInfo, readVorbisModes } from '../media/vorbis.ts';
import type { Kbps } from '../units.ts';
import type { LiveFormat, LiveTitle } from './intake.ts';

/** What the headers of one logical stream of a chain say: often it is one track of a radio's programme. */
export interface OggLink {
  readonly serial: number;
  /** With the pre-skip of its very start. */
  readonly format: LiveFormat;
  readonly title: LiveTitle;
  readonly samplesOf: PacketSamples;
  /** A packet overlaps with the one before, so that its length depends on both: Vorbis. */
  readonly isLapped: boolean;
}

type LinkHeaders = Omit<OggOpening, 'start'>;

/** Reads the headers. Throws SOURCE_DAMAGED. */
export function oggLink(opening: LinkHeaders, kbps: Kbps | null): OggLink {
  const sound = oggSound(opening);
  if (sound === null) throw new BatonError('SOURCE_DAMAGED', `headers of ${opening.codec}`);
  const { codec, sampleRate, channels, preSkip } = sound;
  const { title = '', artist } = sound.tags(0);
  return {
    serial: opening.serial,
    format: {
      ...{ codec, sampleRate, channels, preSkip },
      decoderConfig: equalised(codec, sound.decoderConfig),
      kbps: kbps ?? (codec === 'vorbis' ? nominalKbps(opening) : null),
    },
    title: titleOf(cleanText(title), cleanText(artist ?? '')),
    samplesOf: samplesOf(opening, sound.decoderConfig),
    isLapped: codec === 'vorbis',
  };
}

/** Without what differs from track to track although no decoder needs it. */
function equalised(codec: OggOpening['codec'], config: Uint8Array): Uint8Array {
  const equal = new Uint8Array(config); // slice() of a Buffer copies nothing
  if (codec === 'opus') equal.set(OPUS_RATE, 12); // the rate of what was encoded (RFC 7845 5.1)
  // Of STREAMINFO (RFC 9639 8.2) the sizes of frames, the count of samples, and the checksum of all of them.
  if (codec === 'flac') {
    equal.fill(0, STREAMINFO + 4, STREAMINFO + 10);
    equal.fill((equal[STREAMINFO + 13] ?? 0) & 0xf0, STREAMINFO + 13, STREAMINFO + 14);
    equal.fill(0, STREAMINFO + 14, FLAC_HEAD_BYTES);
  }
  return equal;
}

const OPUS_RATE = Uint8Array.of(0x80, 0xbb, 0, 0); // 48000
const STREAMINFO = 8;

/** Vorbis I, 4.2.2: bits a second, 0 where it is not set. */
function nominalKbps({ headers: [head = new Uint8Array()] }: LinkHeaders): Kbps | null {
  const bits = new DataView(head.buffer, head.byteOffset, head.length).getInt32(20, true);
  return bits > 0 ? Math.round(bits / 1000) : null;
}

function titleOf(title: string, artist: string): LiveTitle {
  if (title === '') return { title: artist };
  return artist === '' ? splitTitle(title) : { title, artist };
}

function samplesOf({ codec, headers }: LinkHeaders, config: Uint8Array): PacketSamples {
  if (codec === 'opus') return opusSamples;
  if (codec === 'flac') {
    const info = readFlacInfo(config.subarray(STREAMINFO, FLAC_HEAD_BYTES));
    if (info !== null) return flacSamples(info);
  }
  const [head, , setup] = headers;
  const info = head === undefined ? null : readVorbisInfo(head);
  const modes = info === null || setup === undefined ? null : readVorbisModes(setup, info);
  if (modes === null) throw new BatonError('SOURCE_DAMAGED', `headers of ${codec}`);
  return vorbisSamples(modes);
}
