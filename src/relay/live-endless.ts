import { setImmediate } from 'node:timers/promises';
import type { Growing } from '../encode/growing.ts';
import { frameSplitter } from '../encode/packed-frames.ts';
import { BatonError } from '../errors.ts';
import type { Timeline } from '../grid/timeline.ts';
import { chunkSamples } from '../grid/live.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { BLOCK_SAMPLES } from '../media/adts.ts';
import { adtsFormatOf, adtsFrame, adtsLc } from '../media/adts-write.ts';
import { icyWriter } from '../media/icy.ts';
import type { IcyTitle } from '../media/icy-title.ts';
import { statesSbr } from '../source/aac-config.ts';
import type { Bytes, Samples } from '../units.ts';
import type { Notes } from './app.ts';
import type { Broadcast } from './broadcast.ts';
import { completed, placedPackets, type PlacedPacket } from './live-copied.ts';
import { liveBroadcast, type Share } from './live-broadcast.ts';
import { legChunks, type Holding, type LiveLeg } from './live-leg.ts';

/** Audio between two blocks of metadata, as Icecast has it. */
export const ICY_INTERVAL: Bytes = 16_000;

/**
 * A channel as bare frames without end: MP3, or AAC behind ADTS headers; with `withTitles` in blocks of metadata between
 * them. What has been made is shared by all listeners, and who has heard all there is gets the rest as a broadcast.
 * Throws what the channel fails with, CODEC_UNSUPPORTED when the packets of the source do not go into `container`, and
 * SOURCE_CHANGED when that comes later.
 */
export async function* liveEndless(
  stream: LiveStream,
  leg: LiveLeg,
  container: 'mp3' | 'adts',
  withTitles: boolean,
  notes: Notes,
  holding: Holding,
): AsyncGenerator<Uint8Array, Broadcast | null> {
  const { grid, timeline } = stream.output;
  const write = withTitles ? icyWriter(ICY_INTERVAL) : (audio: Uint8Array) => audio;
  const framesOf = timeline === null ? copiedFrames(stream, container) : encodedFrames(timeline);
  const titled = (index: number): IcyTitle | null =>
    withTitles ? titleAt(stream, (index + 1) * chunkSamples(grid)) : null;
  const sound = (frames: Uint8Array, index: number): Uint8Array => {
    notes.firstAudioAt ??= performance.now();
    return write(frames, titled(index));
  };
  const chunks = legChunks(leg, stream, holding);
  for (;;) {
    const next = await chunks.next();
    if (next.done === true && next.value === 'over') return null;
    if (next.done === true) break;
    const { chunk, index } = next.value;
    const whole = chunk.complete();
    if (whole !== null) yield sound(framesOf.whole(whole), index);
    else for await (const bytes of framesOf.growing(chunk, holding.signal)) yield sound(bytes, index);
  }
  const share: Share = {
    pieces: ({ index }, bytes) => [write(framesOf.whole(bytes), titled(index))],
    beat: () => null,
    last: () => null,
    beatMs: Infinity,
  };
  return liveBroadcast(stream, leg, share, holding);
}

function titleAt({ channel }: LiveStream, position: Samples): IcyTitle | null {
  return channel.head.latest()?.titles.findLast(({ at }) => at < position) ?? null;
}

/** How chunks become bare frames. */
interface BareFrames {
  whole(bytes: Uint8Array): Uint8Array;
  growing(chunk: Growing, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
}

/** What has been made of the chunks of encoded AAC, and of copied ones, once for all their listeners. */
const MADE = {
  encoded: new WeakMap<Uint8Array, Uint8Array>(),
  mp3: new WeakMap<Uint8Array, Uint8Array>(),
  adts: new WeakMap<Uint8Array, Uint8Array>(),
};

const madeOnce =
  (known: WeakMap<Uint8Array, Uint8Array>, make: (bytes: Uint8Array) => Uint8Array) =>
  (bytes: Uint8Array): Uint8Array => {
    const made = known.get(bytes) ?? make(bytes);
    known.set(bytes, made);
    return made;
  };

function encodedFrames({ codec, channels, frameBytes }: Timeline): BareFrames {
  const framed = (frames: readonly Uint8Array[]): Uint8Array =>
    Buffer.concat(codec === 'aac' ? frames.map((unit) => adtsFrame(unit, adtsLc(channels))) : frames);
  return {
    whole:
      frameBytes !== null ? (bytes) => bytes : madeOnce(MADE.encoded, (bytes) => framed(frameSplitter(null)(bytes))),
    growing: async function* (chunk, signal) {
      const split = frameSplitter(frameBytes);
      for await (const bytes of chunk.follow(0, Infinity, signal)) {
        const frames = split(bytes);
        if (frames.length > 0) yield framed(frames);
        await setImmediate(); // frames come in quick succession: what is there by then leaves together
      }
    },
  };
}

function copiedFrames({ channel }: LiveStream, container: 'mp3' | 'adts'): BareFrames {
  let hasBegun = false;
  const framed = ({ bytes, samples, format }: PlacedPacket): Uint8Array => {
    const adts = format.codec === 'aac' && container === 'adts' ? adtsFormatOf(format.decoderConfig ?? EMPTY) : null;
    if (format.codec === 'mp3' && container === 'mp3') return bytes;
    if (adts === null)
      throw new BatonError(hasBegun ? 'SOURCE_CHANGED' : 'CODEC_UNSUPPORTED', `${format.codec} as it came`);
    return adtsFrame(bytes, adts, samples / (statesSbr(format.decoderConfig ?? EMPTY) ? SBR_BLOCK : BLOCK_SAMPLES));
  };
  const whole = madeOnce(MADE[container], (bytes) =>
    Buffer.concat(placedPackets(bytes, channel.head.latest()).map(framed)),
  );
  return {
    whole: (bytes) => {
      const frames = whole(bytes);
      hasBegun = true;
      return frames;
    },
    growing: async function* (chunk, signal) {
      const frames = whole(await completed(chunk, signal));
      hasBegun = true;
      if (frames.length > 0) yield frames;
    },
  };
}

const EMPTY = new Uint8Array();
/** With SBR a block becomes twice as long. */
const SBR_BLOCK: Samples = 2 * BLOCK_SAMPLES;
