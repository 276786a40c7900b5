import { BatonError } from '../errors.ts';
import { orAbort } from '../or-abort.ts';
import type { ByteRange, Samples } from '../units.ts';
import { createCatalogue } from './catalogue.ts';
import type { SoundMark } from './hls-marks.ts';
import type { PacketRun } from './packet-run.ts';
import { openPictureSegments, type PictureSegments } from './picture-segments.ts';
import type { SourceMeter } from './reader.ts';
import { countingOf, leastSamples, type Source } from './record.ts';
import { silentRun } from './silent-run.ts';
import { createShelf, type SourceDeps } from './shelf.ts';

/** Everything that Baton wants of sources. A `meter` counts what was read from the origin. */
export interface Sources {
  /**
   * The source behind `url`, looked at again when the last look is longer ago than `revalidateMs`. Throws SOURCE_*
   * errors and CODEC_UNSUPPORTED.
   */
  open(url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Source>;
  /** The same, of a source that has no sound as well. */
  openAny(url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Source>;
  /**
   * Packets that decode to the presentation samples [from, to), with the same lead-in every time. Waits for the seek
   * index where positions need it. Of a source without sound they are silence. Throws SOURCE_CHANGED when the source is not what it was when it was opened.
   */
  packets(source: Source, from: Samples, to: Samples, signal: AbortSignal, meter?: SourceMeter): Promise<PacketRun>;
  /** The source's own bytes, of the version that was opened or none. */
  bytes(source: Source, range: ByteRange, signal: AbortSignal, meter?: SourceMeter): AsyncGenerator<Uint8Array, void>;
  /** The segments with the pictures of a playlist of HLS. Throws as `openPictureSegments`. */
  pictureSegments(source: Source, signal: AbortSignal, meter?: SourceMeter): Promise<PictureSegments>;
  /**
   * Where the sound of each stretch of a playlist of HLS stands; nothing of other sources. Where there is more than one
   * stretch it waits for the seek index.
   */
  soundMarks(source: Source, signal: AbortSignal, meter?: SourceMeter): Promise<readonly SoundMark[]>;
  /** Reads the seek index in the background, if this source needs one and has none. */
  startIndex(source: Source): void;
  /**
   * Presentation samples that the source has for certain. Waits until there are at least `samples` of them, unless it
   * has fewer.
   */
  certain(source: Source, samples: Samples, signal: AbortSignal, meter?: SourceMeter): Promise<Samples>;
  /** The source once its length is known, which may take the seek index. */
  indexed(source: Source, signal: AbortSignal, meter?: SourceMeter): Promise<Source>;
  /** Resolves when no source without ranges is being downloaded any more, or `signal` is aborted. */
  downloaded(signal: AbortSignal): Promise<void>;
  /** Resolves when no seek index is being read any more, or `signal` is aborted. */
  scanned(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Sources over `deps`; closing them leaves `net` and `store` open. */
export function createSources(deps: SourceDeps): Sources {
  const shelf = createShelf(deps);
  const find = createCatalogue(deps, shelf);

  async function openAny(url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Source> {
    const holding = await find(url, signal, meter);
    if (countingOf(holding.source.record) !== null) await orAbort(holding.medium(), signal); // its index may be stored
    return holding.source;
  }

  async function open(url: string, signal: AbortSignal, meter?: SourceMeter): Promise<Source> {
    const source = await openAny(url, signal, meter);
    if (source.record.isSilent === true) throw new BatonError('SOURCE_NO_AUDIO', url);
    return source;
  }

  async function packets(
    source: Source,
    from: Samples,
    to: Samples,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<PacketRun> {
    if (source.record.isSilent === true) return silentRun(source.record, from, to);
    const medium = await orAbort(shelf.mediumOf(source), signal);
    return await medium.packets(from, to, signal, meter);
  }

  async function* bytes(
    source: Source,
    range: ByteRange,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): AsyncGenerator<Uint8Array, void> {
    yield* shelf.holdingOf(source).supply.stream(range, signal, meter);
  }

  async function soundMarks(source: Source, signal: AbortSignal, meter?: SourceMeter): Promise<readonly SoundMark[]> {
    const medium = await orAbort(shelf.mediumOf(source), signal);
    return (await medium.soundMarks?.(signal, meter)) ?? [];
  }

  function startIndex(source: Source): void {
    if (countingOf(source.record) === null) return;
    shelf
      .holdingOf(source)
      .medium()
      .then(
        ({ scan }) => scan?.start(),
        () => undefined,
      );
  }

  async function certain(source: Source, samples: Samples, signal: AbortSignal, meter?: SourceMeter): Promise<Samples> {
    const counting = countingOf(source.record);
    const least = leastSamples(source.record);
    if (least >= samples || counting === null) return least;
    const { frameSamples, mostTrimmed } = counting;
    const { scan } = await orAbort(shelf.mediumOf(source), signal);
    await scan?.reach(Math.ceil((samples + mostTrimmed) / frameSamples), signal, meter);
    return Math.max(least, (scan?.index.frames ?? 0) * frameSamples - mostTrimmed);
  }

  async function indexed(source: Source, signal: AbortSignal, meter?: SourceMeter): Promise<Source> {
    if (source.record.samples !== null) return source;
    const holding = shelf.holdingOf(source);
    const { scan } = await orAbort(holding.medium(), signal);
    const reached = scan?.reach(Infinity, signal, meter);
    scan?.start(); // to its end, even if this listener leaves
    await reached;
    await scan?.completed; // others who waited for it come first
    if (holding.source.record.samples === null) throw new BatonError('INTERNAL', 'index complete, length unknown');
    return { ...holding.source, pin: source.pin };
  }

  async function downloaded(signal: AbortSignal): Promise<void> {
    await ended(
      shelf.held().map((holding) => holding.downloaded()),
      signal,
    );
  }

  async function scanned(signal: AbortSignal): Promise<void> {
    await ended(
      shelf.held().map((holding) => holding.indexed()),
      signal,
    );
  }

  return {
    open,
    openAny,
    packets,
    bytes,
    pictureSegments: ({ url }, signal, meter) => openPictureSegments(url, deps.net, signal, meter),
    soundMarks,
    startIndex,
    certain,
    indexed,
    downloaded,
    scanned,
    close: () => shelf.close(),
  };
}

const ended = (tasks: readonly Promise<void>[], signal: AbortSignal): Promise<unknown> =>
  orAbort(Promise.all(tasks), signal).catch(() => undefined);
