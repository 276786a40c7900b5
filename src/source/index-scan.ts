import type { FrameHeader, FrameWalker } from '../media/frame-walker.ts';
import type { ByteRange, Bytes } from '../units.ts';
import type { ReadBytes } from './reader.ts';
import { createScan, type Scan, type ScanPass } from './scan.ts';
import type { SeekIndex } from './seek-index.ts';

/** Reads frame headers from where the index ends. */
export type IndexScan = Scan<SeekIndex>;

/** What is read at least while only a part is waited for; more when it holds no frame. */
const STEP: Bytes = 256 * 1024;

/**
 * Completes `index` over the frames in `audio` that `walk` finds, at most one reading at a time.
 */
export function indexScan(
  index: SeekIndex,
  walk: () => FrameWalker<FrameHeader>,
  audio: ByteRange,
  read: ReadBytes,
): IndexScan {
  let step = STEP;

  async function readOn(pass: ScanPass): Promise<void> {
    const known = index.frames;
    const from = index.end;
    const isAll = pass.toEnd();
    const to = isAll ? audio.end : Math.min(audio.end, from + Math.max(step, bytesAhead(pass)));
    let frame = known;
    let received: Bytes = 0;
    const walker = walk();
    const note = (frames: ReturnType<typeof walker.push>): void => {
      for (const { offset, bytes } of frames) index.note(frame++, from + offset, from + offset + bytes.length);
      pass.noticed();
    };
    if (from < to) {
      for await (const piece of read({ start: from, end: to }, pass.signal, pass.meter)) {
        received += piece.length;
        note(walker.push(piece));
        if (pass.isLeft()) return;
      }
    }
    if (to === audio.end || received < to - from) {
      note(walker.end());
      index.finish();
      pass.noticed();
    }
    step = index.frames > known ? STEP : step * 2;
  }

  /** About as many as lie before the farthest frame that somebody waits for. */
  function bytesAhead(pass: ScanPass): Bytes {
    if (index.frames === 0) return 0;
    return Math.ceil(((pass.farthest() - index.frames) * (index.end - audio.start)) / index.frames);
  }

  return createScan(index, readOn);
}
