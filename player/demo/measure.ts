import { parseServerTiming } from './server-timing.ts';
import type { ServerMetric } from './server-timing.ts';

/** What one request for a file showed. */
export interface Measured {
  /** null: the length is not known yet. */
  readonly bytes: number | null;
  readonly firstByteMs: number;
  /** Until the first byte after the tags and the Info frame has come. */
  readonly firstAudioMs: number;
  readonly server: readonly ServerMetric[];
}

/** Longest Info frame that Baton writes (MPEG-1 Layer III at 320 kbit/s, 32 kHz). */
const INFO_FRAME_BYTES = 1441;

/**
 * Asks for the size of a file, then reads it as far as its first audio and stops. Null when the server refuses or
 * breaks off: the player, which asks for the same address, says why.
 */
export async function measure(url: string, signal: AbortSignal): Promise<Measured | null> {
  const stop = new AbortController();
  try {
    const started = performance.now();
    const response = await fetch(url, { cache: 'no-store', signal: AbortSignal.any([signal, stop.signal]) });
    const firstByteMs = performance.now() - started;
    if (!response.ok || !(await hasAudio(response))) return null;
    const firstAudioMs = performance.now() - started;
    const head = await fetch(url, { method: 'HEAD', cache: 'no-store', signal });
    const length = head.headers.get('content-length');
    const server = parseServerTiming(response.headers.get('server-timing'));
    return { bytes: length === null ? null : Number(length), firstByteMs, firstAudioMs, server };
  } catch {
    return null;
  } finally {
    stop.abort();
  }
}

async function hasAudio(response: Response): Promise<boolean> {
  const reader = response.body?.getReader();
  let start = new Uint8Array();
  let received = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return false;
    received += value.length;
    if (start.length < 10) start = new Uint8Array([...start, ...value.subarray(0, 10)]);
    if (start.length >= 10 && received > id3Bytes(start) + INFO_FRAME_BYTES) return true;
  }
}

/** Size of the ID3v2 tag that begins with `start` (ID3v2.4 3.1), 0 without one. */
function id3Bytes(start: Uint8Array): number {
  if (String.fromCharCode(...start.subarray(0, 3)) !== 'ID3') return 0;
  return 10 + start.subarray(6, 10).reduce((size, byte) => size * 128 + byte, 0);
}
