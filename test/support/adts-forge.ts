// An own small reading of ADTS headers, so that fixtures do not depend on the code they test.

/** The frames of a clean ADTS stream; throws where none stands. */
export function splitAdts(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += frames.at(-1)?.length ?? NaN) {
    const [b0 = 0, b1 = 0, , b3 = 0, b4 = 0, b5 = 0] = bytes.subarray(at, at + 7);
    if (b0 !== 0xff || (b1 & 0xf6) !== 0xf0) throw new Error(`no frame at ${at}`);
    frames.push(bytes.subarray(at, at + (((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5))));
  }
  return frames;
}

/** The block of a frame without CRC. */
export const blockOf = (frame: Uint8Array): Uint8Array => frame.subarray(7);

/**
 * One frame that holds the blocks of several, which have no CRC. With `crc` it has room for CRCs, which no decoder
 * checks, and says where the blocks are.
 */
export function mergedFrame(frames: readonly Uint8Array[], crc = false): Buffer {
  const [header = new Uint8Array()] = frames;
  const check = crc ? Buffer.from([0xde, 0xad]) : Buffer.alloc(0);
  const several = frames.length > 1;
  const blocks = frames.map((frame) => Buffer.concat(several ? [blockOf(frame), check] : [blockOf(frame)]));
  let at = 0;
  const positions = blocks.slice(0, -1).map((block) => (at += block.length));
  const places = crc ? positions.flatMap((position) => [position >> 8, position & 255]) : [];
  const content = Buffer.concat([Buffer.from(places), check, ...blocks]);
  const merged = Buffer.concat([header.subarray(0, 7), content]);
  if (crc) merged[1] = (merged[1] ?? 0) & 0xfe;
  merged[3] = ((merged[3] ?? 0) & 0xfc) | (merged.length >> 11);
  merged[4] = (merged.length >> 3) & 255;
  merged[5] = ((merged[5] ?? 0) & 0x1f) | ((merged.length & 7) << 5);
  merged[6] = ((merged[6] ?? 0) & 0xfc) | (frames.length - 1);
  return merged;
}

/** `frames` with room for CRCs. */
export const withCrc = (frames: readonly Uint8Array[]): Buffer[] => frames.map((frame) => mergedFrame([frame], true));

/** The frames by twos, threes or fours in one; what does not fill the last one is left away. */
export const inGroups = (frames: readonly Uint8Array[], count: number, crc = false): Buffer[] =>
  Array.from({ length: Math.floor(frames.length / count) }, (_, i) =>
    mergedFrame(frames.slice(i * count, (i + 1) * count), crc),
  );
