import type { FrameHeader, FrameWalker } from '../media/frame-walker.ts';
import { adtsWalker } from '../media/adts.ts';
import { mp3Walker } from '../media/mp3.ts';
import type { Store } from '../store/store.ts';
import type { ByteRange } from '../units.ts';
import { indexScan } from './index-scan.ts';
import type { Medium } from './medium.ts';
import { adtsPackets } from './packets-adts.ts';
import { mp3Packets, streamHeader } from './packets-mp3.ts';
import type { AdtsFacts, Mp3Facts, ProbeRecord } from './record.ts';
import { createSeekIndex, decodeSeekIndex, encodeSeekIndex } from './seek-index.ts';
import { storedIndex } from './stored-index.ts';
import type { Supply } from './supply.ts';

/** Opens an MP3, with the index that the store has. */
export async function openMp3(
  record: ProbeRecord,
  facts: Mp3Facts,
  supply: Supply,
  store: Store,
  signal: AbortSignal,
): Promise<Medium> {
  const header = streamHeader(facts, record.sampleRate);
  const counted = await openCounted(record, facts.audio, () => mp3Walker(header), supply, store, signal);
  const track = { record, facts, scan: counted.scan, read: supply.read };
  return { ...counted, packets: (...at) => mp3Packets(track, ...at) };
}

/** Opens an ADTS stream, with the index that the store has. */
export async function openAdts(
  record: ProbeRecord,
  facts: AdtsFacts,
  supply: Supply,
  store: Store,
  signal: AbortSignal,
): Promise<Medium> {
  const counted = await openCounted(record, facts.audio, () => adtsWalker(facts.header), supply, store, signal);
  const track = { record, facts, scan: counted.scan, read: supply.read };
  return { ...counted, packets: (...at) => adtsPackets(track, ...at) };
}

/** The scan of frames that have to be counted; closing it stores what it found. */
async function openCounted(
  { version }: ProbeRecord,
  audio: ByteRange,
  walk: () => FrameWalker<FrameHeader>,
  supply: Supply,
  store: Store,
  signal: AbortSignal,
) {
  const format = {
    create: () => createSeekIndex(audio.start),
    encode: encodeSeekIndex,
    decode: decodeSeekIndex,
  };
  const stored = await storedIndex(version, format, store, signal);
  const scan = indexScan(stored.index, walk, audio, supply.stream);
  const save = (): void => {
    stored.save();
  };
  scan.completed.then(save, () => undefined);
  const close = (): void => {
    scan.close();
    if (!stored.index.complete) save();
  };
  return { scan, close };
}
