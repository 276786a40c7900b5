import { BatonError } from '../errors.ts';
import { oggOpeningReader, type OggOpeningReader } from '../media/ogg-opening.ts';
import type { Bytes, Kbps } from '../units.ts';
import type { CodedUnit } from './coded-units.ts';
import type { IntakePart, LiveFormat } from './intake.ts';
import { type Decoder, type LinkPackets, linkPackets } from './link-packets.ts';
import type { PacketMaker } from './live-demux.ts';
import { type OggLink, oggLink } from './ogg-link.ts';
import { sameDecoder } from './same-decoder.ts';

type OggUnit = CodedUnit & { kind: 'ogg' };

/** Comments may hold a picture. */
const MOST_HEADERS: Bytes = 1024 * 1024;
/** That begin at the same time: sound, pictures, subtitles. */
const MOST_STREAMS = 64;

interface Opening {
  readonly reader: OggOpeningReader;
  bytes: Bytes;
  /** Sequence number of the last page of each stream. */
  readonly ends: Map<number, number>;
}

/**
 * Packets of a chain of Ogg streams (RFC 3533 section 4): Opus, Vorbis or FLAC. Where one joins in the middle, servers send
 * the headers first; every later set of headers is a new track, with its title, and with a new format only where it needs
 * another decoder. Of streams that play at the same time, the first known one is heard.
 *
 * Throws CODEC_UNSUPPORTED, and SOURCE_DAMAGED for headers that say nothing possible.
 */
export function oggPackets(kbps: Kbps | null): PacketMaker<OggUnit> {
  /** Headers that are not complete yet. */
  let opening: Opening | null = null;
  let link: (OggLink & { readonly packets: LinkPackets }) | null = null;
  let format: LiveFormat | null = null;
  let lastPacket: Uint8Array | null = null;

  function push(unit: OggUnit): IntakePart[] {
    const { page } = unit;
    if (page.isFirst && link !== null) {
      lastPacket = link.packets.lastPacket() ?? lastPacket;
      link = null;
    }
    if (page.isFirst || opening !== null) return addHeader(unit);
    if (page.serial !== link?.serial) return [];
    const packets = link.packets.push(page);
    if (packets.length === 0) return [];
    const before = format;
    format = link.packets.format();
    const part = { kind: 'packets', packets } as const;
    return before !== null && sameDecoder(before, format) ? [part] : [{ kind: 'format', format }, part];
  }

  function addHeader({ page }: OggUnit): IntakePart[] {
    opening ??= { reader: oggOpeningReader(), bytes: 0, ends: new Map() };
    opening.bytes += page.length;
    opening.ends.set(page.serial, page.sequence);
    const found = opening.reader.push(page);
    if (found === 'more' && opening.bytes <= MOST_HEADERS && opening.ends.size <= MOST_STREAMS) return [];
    if (found === 'more') throw new BatonError('SOURCE_DAMAGED', 'headers of Ogg without an end');
    if (!('headers' in found)) throw new BatonError('CODEC_UNSUPPORTED', found.join(', '));
    const next = oggLink(found, kbps);
    const end = opening.ends.get(next.serial) ?? 0;
    opening = null;
    link = { ...next, packets: linkPackets(next, end, decoderFor(next)) };
    return [{ kind: 'title', title: next.title }];
  }

  function decoderFor(next: OggLink): Decoder {
    if (format === null) return { kind: 'joined' };
    return sameDecoder(format, next.format) ? { kind: 'goes on', from: lastPacket } : { kind: 'new' };
  }

  return { push, end: () => [] };
}
