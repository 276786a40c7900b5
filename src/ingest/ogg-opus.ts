import { BatonError } from '../errors.ts';
import { lacingOf, MOST_LACING, writeOggPage } from '../media/ogg-page.ts';
import { opusHeaderPages } from '../media/opus-head.ts';
import { opusSamples } from '../media/packet-samples.ts';
import type { Samples } from '../units.ts';

/** Where an Ogg Opus stream that is being written stands; as JSON it goes on in another process. */
export interface OggOpusState {
  readonly serial: number;
  /** Of the next page; 0 before the head. */
  sequence: number;
  /** Samples at 48 kHz up to the end of the last packet. */
  granule: Samples;
}

/** What an OpusHead says that matters here (RFC 7845 5.1). */
export interface OpusSetup {
  readonly channels: 1 | 2;
  readonly preSkip: Samples;
}

/** Of encoders that do not say. */
export const USUAL_PRE_SKIP: Samples = 312;
const LONGEST_PACKET: Samples = 5760; // RFC 6716 2.1.4

/** @throws INGEST_FORMAT for what is no OpusHead, or one of more than two channels */
export function readOpusSetup(head: Uint8Array): OpusSetup {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const isHead = head.length >= 19 && Buffer.from(head.subarray(0, 8)).toString('latin1') === 'OpusHead';
  const channels = head[9];
  if (!isHead || (channels !== 1 && channels !== 2) || head[18] !== 0)
    throw new BatonError('INGEST_FORMAT', 'no OpusHead of one or two channels');
  return { channels, preSkip: view.getUint16(10, true) };
}

/** How long a packet is. @throws INGEST_FORMAT for what can be none */
export function opusLength(packet: Uint8Array): Samples {
  const samples = opusSamples(packet, null);
  if (packet.length === 0 || samples === 0 || samples > LONGEST_PACKET)
    throw new BatonError('INGEST_FORMAT', `a packet of Opus of ${samples} samples`);
  return samples;
}

/** Pages with these packets, whole ones, at once; before the first of them the head. */
export function oggOpusPages(packets: readonly Uint8Array[], setup: OpusSetup, state: OggOpusState): Uint8Array[] {
  const pages: Uint8Array[] = [];
  if (state.sequence === 0) {
    pages.push(...opusHeaderPages({ ...setup, tags: { chapters: [] }, serial: state.serial }));
    state.sequence = pages.length;
  }
  let lacing: number[] = [];
  let body: Uint8Array[] = [];
  const close = (): void => {
    if (body.length === 0) return;
    pages.push(writeOggPage({ ...pageOf(state), lacing, body }));
    [lacing, body] = [[], []];
  };
  for (const packet of packets) {
    const laced = lacingOf(packet.length);
    if (lacing.length + laced.length > MOST_LACING) close();
    lacing.push(...laced);
    body.push(packet);
    state.granule += opusLength(packet);
  }
  close();
  return pages;
}

/** The page that ends a stream, without packets. */
export const oggOpusEnd = (state: OggOpusState): Uint8Array =>
  writeOggPage({ ...pageOf(state), isLast: true, lacing: [], body: [] });

const pageOf = (state: OggOpusState) => ({
  ...{ serial: state.serial, sequence: state.sequence++, granule: state.granule },
});
