import type { Store } from '../store/store.ts';
import type { Milliseconds } from '../units.ts';
import { type Medium, openMedium } from './medium.ts';
import { presentedSamples } from './probe-mp3.ts';
import type { Contents, ProbeRecord, Source } from './record.ts';
import type { FrameCount } from './scan.ts';
import type { Supply } from './supply.ts';

/** One version of a source, as this process holds it. */
export interface Holding {
  /** As it is at present: its pin may move, its length may become known. */
  source: Source;
  /** No need to look at the origin before. */
  freshUntil: Milliseconds;
  /** When it was last seen to have changed. */
  staleAt: Milliseconds;
  readonly supply: Supply;
  /** Opened at first use. */
  medium(): Promise<Medium>;
  /** Resolves when nothing is downloaded for later. */
  downloaded(): Promise<void>;
  /** Resolves when nothing is indexed for later. */
  indexed(): Promise<void>;
  /** Closes the medium until it is used again. */
  rest(): void;
  close(): void;
}

/** Holds `source`, whose bytes `supplyOf` gives. `life` ends with the process's use of sources. */
export function hold(
  source: Source,
  store: Store,
  life: AbortSignal,
  supplyOf: (self: Holding) => Supply,
  medium: Medium | null,
): Holding {
  let opening = medium && Promise.resolve(medium);

  const open = async (): Promise<Medium> => {
    const medium = await openMedium(holding.source.record, holding.supply, store, life);
    const { scan } = medium;
    if (scan?.index.complete === true) learn(scan.index);
    else scan?.completed.then(learn, () => undefined);
    return medium;
  };

  const learn = (index: FrameCount): void => {
    const { source } = holding;
    holding.source = { ...source, record: measured(source.record, index), contents: contentsOf(index) };
  };

  const rest = (): void => {
    opening?.then(
      (open) => open.close(),
      () => undefined,
    );
    opening = null;
  };

  let supply: Supply | null = null;
  const holding: Holding = {
    source,
    freshUntil: 0,
    staleAt: -Infinity,
    get supply() {
      return (supply ??= supplyOf(holding));
    },
    medium: () =>
      (opening ??= open().catch((error: unknown) => {
        opening = null;
        throw error;
      })),
    downloaded: async () => supply?.idle(),
    indexed: async () => (await opening?.catch(() => null))?.scan?.idle(),
    rest,
    close: () => {
      rest();
      supply?.close();
    },
  };
  return holding;
}

function contentsOf(index: FrameCount): Contents {
  const start = index.locate(0)?.offset ?? 0;
  const place = (percent: number): number => {
    const offset = index.locate(Math.floor((percent * index.frames) / 100))?.offset ?? start;
    return Math.min(255, Math.floor(((offset - start) * 256) / Math.max(1, index.end - start)));
  };
  return { frames: index.frames, toc: Uint8Array.from({ length: 100 }, (_, percent) => place(percent)) };
}

/** The record of a source whose length only the complete index tells. */
function measured(record: ProbeRecord, index: FrameCount): ProbeRecord {
  if (record.samples !== null) return record;
  const { adts, hls } = record;
  if (hls !== undefined) return { ...record, samples: Math.max(0, (index.samples ?? 0) - record.skip) };
  if (adts !== undefined) {
    const audio = { ...adts.audio, end: index.end };
    return { ...record, samples: index.frames * adts.frameSamples, adts: { ...adts, audio } };
  }
  if (record.mp3 === null) return record;
  const { claim } = record.mp3;
  const padding = claim?.frames === index.frames ? claim.padding : null;
  const audio = { start: record.mp3.audio.start, end: index.end };
  const mp3 = { ...record.mp3, padding, audio };
  return { ...record, samples: presentedSamples(mp3, index.frames), mp3 };
}
