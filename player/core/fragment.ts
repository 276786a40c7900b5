import { findBox, joined, viewOf } from './boxes.ts';

/** A `moof` and its `mdat`; half-open, in ticks of decode time. */
export interface Fragment {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly start: number;
  readonly end: number;
  /** Of a film: what of it is new when all before `from` is there; null when nothing is. */
  readonly after?: (from: number) => Fragment | null;
}

/**
 * A fragment as Baton writes it: one track with one run of samples (ISO/IEC 14496-12 section 8.8), of which each has a
 * size and, if one of them is shorter, its duration; `sampleTicks` otherwise. Throws a RangeError for anything else.
 */
export function readFragment(moof: Uint8Array, mdat: Uint8Array, sampleTicks: number): Fragment {
  const { start, samples } = readRun(moof, sampleTicks);
  return { bytes: joined(moof, mdat), start, end: samples.reduce((at, { ticks }) => at + ticks, start) };
}

/** `fragment` without the samples that begin before `from`, half a sample's rounding allowed; null when none is left. */
export function withoutStart(fragment: Fragment, from: number, sampleTicks: number): Fragment | null {
  const { bytes } = fragment;
  const moofSize = viewOf(bytes).getUint32(0);
  const { start, samples, trafAt, timeAt, runAt, entriesAt, entrySize } = readRun(
    bytes.subarray(0, moofSize),
    sampleTicks,
  );
  let [at, dropped, droppedBytes] = [start, 0, 0];
  for (const { ticks, size } of samples) {
    if (at >= from - ticks / 2) break;
    [at, dropped, droppedBytes] = [at + ticks, dropped + 1, droppedBytes + size];
  }
  if (dropped === 0) return fragment;
  if (dropped === samples.length) return null;

  const gone = dropped * entrySize;
  const moof = joined(bytes.subarray(0, entriesAt), bytes.subarray(entriesAt + gone, moofSize));
  const view = viewOf(moof);
  for (const box of [0, trafAt, runAt]) view.setUint32(box, view.getUint32(box) - gone);
  view.setBigUint64(timeAt + 12, BigInt(at));
  view.setUint32(runAt + 12, samples.length - dropped);
  view.setUint32(runAt + 16, view.getUint32(runAt + 16) - gone);
  const mdat = joined(bytes.subarray(moofSize, moofSize + 8), bytes.subarray(moofSize + 8 + droppedBytes));
  viewOf(mdat).setUint32(0, mdat.length);
  return { bytes: joined(moof, mdat), start: at, end: fragment.end };
}

interface Sample {
  readonly ticks: number;
  readonly size: number;
}

interface Run {
  readonly start: number;
  readonly samples: readonly Sample[];
  readonly trafAt: number;
  readonly timeAt: number;
  readonly runAt: number;
  readonly entriesAt: number;
  readonly entrySize: number;
}

/** Version 1 of `tfdt`, version 0 of `trun` with sizes, the place of the data and perhaps durations. */
const [TIMES, RUN, DURATIONS] = [1 << 24, 0x201, 0x100];

function readRun(moof: Uint8Array, sampleTicks: number): Run {
  const view = viewOf(moof);
  const [trafAt, timeAt, runAt] = [findBox(moof, 'traf'), findBox(moof, 'traf', 'tfdt'), findBox(moof, 'traf', 'trun')];
  if (timeAt < 0 || runAt < 0 || view.getUint32(timeAt + 8) !== TIMES) throw new RangeError();
  const kind = view.getUint32(runAt + 8);
  if ((kind & ~DURATIONS) !== RUN) throw new RangeError();
  const [entriesAt, entrySize] = [runAt + 20, kind === RUN ? 4 : 8];
  const samples = Array.from({ length: view.getUint32(runAt + 12) }, (_, i) => {
    const at = entriesAt + i * entrySize;
    return { ticks: kind === RUN ? sampleTicks : view.getUint32(at), size: view.getUint32(at + entrySize - 4) };
  });
  return { start: Number(view.getBigUint64(timeAt + 12)), samples, trafAt, timeAt, runAt, entriesAt, entrySize };
}
