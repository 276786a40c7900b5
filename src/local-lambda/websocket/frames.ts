/** Of a frame: flags and opcode, mask bit and length (RFC 6455 section 5.2). */
const HEAD_BYTES = 2;
const MASK_BYTES = 4;

/**
 * Follows the bytes that a client sends and tells whether one of its frames announces more than `mostBytes`: `ws` tells
 * of whole messages only. To be called with each run of bytes; once true, it stays so.
 */
export function largeFrames(mostBytes: number): (bytes: Uint8Array) => boolean {
  let head: number[] = [];
  let payload = 0;
  let isLarge = false;
  return (bytes) => {
    for (let at = 0; at < bytes.length && !isLarge;) {
      if (payload > 0) {
        const passed = Math.min(payload, bytes.length - at);
        payload -= passed;
        at += passed;
        continue;
      }
      head.push(bytes[at] ?? 0);
      at += 1;
      if (head.length < headLength(head)) continue;
      payload = payloadLength(head);
      head = [];
      isLarge = payload > mostBytes;
    }
    return isLarge;
  };
}

function headLength(head: readonly number[]): number {
  const [, second = 0] = head;
  if (head.length < HEAD_BYTES) return HEAD_BYTES;
  return HEAD_BYTES + extendedBytes(second) + (second >= 0x80 ? MASK_BYTES : 0);
}

function payloadLength([, second = 0, ...rest]: readonly number[]): number {
  const extended = extendedBytes(second);
  return extended === 0 ? second & 0x7f : rest.slice(0, extended).reduce((sum, byte) => sum * 256 + byte, 0);
}

function extendedBytes(second: number): 0 | 2 | 8 {
  const length = second & 0x7f;
  return length === 127 ? 8 : length === 126 ? 2 : 0;
}
