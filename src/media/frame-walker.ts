import type { Bytes } from '../units.ts';

/** What the header of a frame tells at least. */
export interface FrameHeader {
  /** The whole frame, header included. */
  readonly frameBytes: Bytes;
}

/** A kind of frames that follow each other without a container. Every frame starts with the byte 0xff. */
export interface FrameFormat<H extends FrameHeader> {
  /** The header at `offset`, or null when there is none. */
  readonly read: (bytes: Uint8Array, offset: number) => H | null;
  /** True when two frames can belong to one stream. */
  readonly isSame: (a: H, b: H) => boolean;
  readonly headerBytes: Bytes;
  readonly maxFrameBytes: Bytes;
}

/** A whole frame of a stream. */
export interface Frame<H extends FrameHeader> {
  readonly header: H;
  /** The whole frame. It shares memory with the bytes that were pushed, unless it lay across two pushes. */
  readonly bytes: Uint8Array;
  /** From the first byte pushed. */
  readonly offset: Bytes;
}

/** Takes a stream in pushes of any size. */
export interface FrameWalker<H extends FrameHeader> {
  /** The frames that are complete with these bytes. The walker keeps no reference to `bytes`. */
  push(bytes: Uint8Array): Frame<H>[];
  /** What only the end decides: a last frame that nothing follows. An incomplete frame is dropped. */
  end(): Frame<H>[];
}

/**
 * Splits a byte stream into frames, whatever the pushes look like.
 *
 * In sync, a header of the same stream is taken at its word. Where none follows a frame (a tag, junk, a cut), the next
 * header counts that another one of the same stream follows right after its frame, or that the stream ends there.
 *
 * @param first the stream that is wanted. Without it, the first confirmed frame decides.
 * @param from where the bytes start: at a `frame` (in sync from the first byte), or `anywhere`. Default: `frame` when
 *   `first` is given.
 */
export function frameWalker<H extends FrameHeader>(
  { read, isSame, headerBytes, maxFrameBytes }: FrameFormat<H>,
  first?: H,
  from: 'frame' | 'anywhere' = first ? 'frame' : 'anywhere',
): FrameWalker<H> {
  const lookAhead = maxFrameBytes + headerBytes;
  let stream = first;
  let inSync = first !== undefined && from === 'frame';
  const carry = new Uint8Array(2 * lookAhead);
  let held = 0;
  let pushed: Bytes = 0;

  /** Takes the frames that start before `stop`; gives the position where the next one is to be looked for. */
  function walk(bytes: Uint8Array, start: number, stop: number, ended: boolean, take: Take<H>): number {
    let at = start;
    while (at < stop) {
      if (!inSync) at = bytes.indexOf(0xff, at);
      if (at < 0) return bytes.length;
      if (at + headerBytes > bytes.length) return at;

      const header = read(bytes, at);
      const fits = header !== null && (stream === undefined || isSame(header, stream));
      if (!fits) {
        if (!inSync) at++;
        inSync = false;
        continue;
      }
      const next = at + header.frameBytes;
      if (inSync) {
        if (next > bytes.length) return at;
      } else {
        if (!ended && next + headerBytes > bytes.length) return at;
        const follower = read(bytes, next);
        const confirmed = follower ? isSame(header, follower) : ended && next === bytes.length;
        if (!confirmed) {
          at++;
          continue;
        }
        inSync = true;
        stream ??= header;
      }
      take(header, at, next);
      at = next;
    }
    return at;
  }

  function push(bytes: Uint8Array): Frame<H>[] {
    const frames: Frame<H>[] = [];
    const seam = pushed - held;
    let at = 0;
    if (held > 0) {
      const window = carry.subarray(0, held + Math.min(bytes.length, lookAhead));
      carry.set(bytes.subarray(0, window.length - held), held);
      const stoppedAt = walk(window, 0, held, false, (header, start, end) =>
        frames.push({ header, bytes: window.slice(start, end), offset: seam + start }),
      );
      if (stoppedAt < held) {
        // Only a push shorter than the look-ahead leaves the carry undecided, so it is all in the window.
        carry.copyWithin(0, stoppedAt, window.length);
        held = window.length - stoppedAt;
        pushed += bytes.length;
        return frames;
      }
      at = stoppedAt - held;
    }
    at = walk(bytes, at, bytes.length, false, (header, start, end) =>
      frames.push({ header, bytes: bytes.subarray(start, end), offset: pushed + start }),
    );
    held = bytes.length - at;
    carry.set(bytes.subarray(bytes.length - held));
    pushed += bytes.length;
    return frames;
  }

  function end(): Frame<H>[] {
    const frames: Frame<H>[] = [];
    const rest = carry.subarray(0, held);
    walk(rest, 0, held, true, (header, start, stop) =>
      frames.push({ header, bytes: rest.slice(start, stop), offset: pushed - held + start }),
    );
    held = 0;
    return frames;
  }

  return { push, end };
}

type Take<H> = (header: H, start: number, end: number) => void;
