/** The text of a chunk, up to the first zero; UTF-8 where it is that, else Latin-1. */
export function chunkText(content: Uint8Array): string {
  const end = content.indexOf(0);
  const text = end < 0 ? content : content.subarray(0, end);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text).trim();
  } catch {
    return latin1(text).trim();
  }
}

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
