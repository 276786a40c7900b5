import { BatonError } from '../errors.ts';
import { adtsFormatOf, type AdtsFormat } from '../media/adts-write.ts';
import { AAC_RATES, BLOCK_SAMPLES, MAX_ADTS_BYTES } from '../media/adts.ts';
import type { FragmentTrack } from '../media/fragment-init.ts';
import { opusHead } from '../media/opus-head.ts';
import type { Bytes, Hertz } from '../units.ts';
import type { ShowSound } from './film-stream.ts';
import type { PacketFormat } from './format.ts';
import { opusLength, readOpusSetup, USUAL_PRE_SKIP, type OpusSetup } from './ogg-opus.ts';

const LC = 2;
const OPUS_RATE: Hertz = 48_000;
/** As in ADTS, which has seven more. */
const MOST_AAC_BYTES: Bytes = MAX_ADTS_BYTES - 7;

/** How the sound of packets is coded, in a show with pictures. @throws INGEST_FORMAT */
export function showSound(format: PacketFormat): ShowSound {
  if (format.codec === 'opus') return opusSound(opusSetup(format));
  const { rateIndex, channelConfig } = aacSetup(format);
  return {
    ...{ codecId: 'A_AAC', codecPrivate: Buffer.from(format.description ?? '', 'base64') },
    ...{ sampleRate: AAC_RATES[rateIndex] ?? format.sampleRate, channels: channelConfig, preSkip: 0 },
    samplesOf: (packet) => {
      if (packet.length > MOST_AAC_BYTES) throw refused(`a packet of AAC of ${packet.length} bytes`);
      return BLOCK_SAMPLES;
    },
  };
}

export const opusSound = ({ channels, preSkip }: OpusSetup): ShowSound => ({
  ...{ codecId: 'A_OPUS', codecPrivate: opusHead(channels, preSkip), sampleRate: OPUS_RATE, channels, preSkip },
  samplesOf: opusLength,
});

/** @throws INGEST_FORMAT */
export function opusSetup({ channels, description }: PacketFormat): OpusSetup {
  const setup: OpusSetup =
    description === null
      ? { channels: channels === 1 ? 1 : 2, preSkip: USUAL_PRE_SKIP }
      : readOpusSetup(Buffer.from(description, 'base64'));
  if (setup.channels !== channels) throw refused(`${setup.channels} channels, not ${channels}`);
  return setup;
}

/** @throws INGEST_FORMAT */
export function aacSetup({ description, channels }: PacketFormat): AdtsFormat {
  const adts = lcOf(Buffer.from(description ?? '', 'base64'));
  if (adts.channelConfig !== channels) throw refused(`${adts.channelConfig} channels, not ${channels}`);
  return adts;
}

/** How the sound of a track of MP4 is coded. @throws INGEST_FORMAT for another codec than was announced */
export function trackSetup(
  { coding }: FragmentTrack,
  codec: PacketFormat['codec'],
): { readonly opus: OpusSetup } | { readonly aac: AdtsFormat } {
  const name = coding.kind === 'sound' ? coding.codec : coding.name;
  if (coding.kind !== 'sound' || name !== codec) throw refused(`MP4 of ${name}, not of ${codec}`);
  const config = coding.config ?? new Uint8Array();
  if (codec === 'opus') return { opus: { ...readOpusSetup(config), preSkip: coding.preSkip ?? USUAL_PRE_SKIP } };
  const aac = lcOf(config);
  if (aac.channelConfig !== 1 && aac.channelConfig !== 2) throw refused(`AAC of channels ${aac.channelConfig}`);
  return { aac };
}

function lcOf(config: Uint8Array): AdtsFormat {
  const adts = adtsFormatOf(config);
  if (adts?.objectType !== LC) throw refused('AAC other than LC');
  return adts;
}

const refused = (detail: string): BatonError => new BatonError('INGEST_FORMAT', detail);
