import { type AdtsHeader, adtsWalker, MAX_ADTS_BYTES, rawBlocks } from '../media/adts.ts';
import type { Bytes, Samples } from '../units.ts';
import { aacLeadIn } from './aac-config.ts';
import { type Counted, countedFrames, locate } from './counted-frames.ts';
import type { IndexScan } from './index-scan.ts';
import type { PacketRun } from './packet-run.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import type { AdtsFacts, ProbeRecord } from './record.ts';

/** An ADTS stream that is open for reading. */
export interface AdtsTrack {
  readonly record: ProbeRecord;
  readonly facts: AdtsFacts;
  readonly scan: IndexScan;
  readonly read: ReadBytes;
}

const TYPICAL_FRAME: Bytes = 320;

/** The blocks that decode to presentation samples [from, to), with the same lead-in every time and one frame more. */
export async function adtsPackets(
  track: AdtsTrack,
  from: Samples,
  to: Samples,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<PacketRun> {
  const { record, facts } = track;
  const { frameSamples, sbr } = facts;
  const first = Math.max(0, Math.floor(from / frameSamples) - aacLeadIn(sbr));
  const end = Math.ceil(to / frameSamples) + 1;
  const counted = countedIn(track);
  const place = await locate(counted, first, signal, meter);
  return {
    codec: 'aac',
    decoderConfig: record.decoderConfig === null ? null : Buffer.from(record.decoderConfig, 'base64'),
    sampleRate: record.sampleRate,
    channels: record.channels,
    skip: from - first * frameSamples,
    packets: blocksOf(countedFrames(counted, place, first, end, signal, meter)),
  };
}

const countedIn = ({ facts, scan, read }: AdtsTrack): Counted<AdtsHeader> => ({
  scan,
  read,
  walk: () => adtsWalker(facts.header),
  audioEnd: facts.audio.end,
  typicalBytes: TYPICAL_FRAME,
  maxBytes: MAX_ADTS_BYTES,
});

async function* blocksOf(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const frame of frames) yield rawBlocks(frame);
}
