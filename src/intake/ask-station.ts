import { BatonError } from '../errors.ts';
import { MAX_PLAYLIST_BYTES } from '../hls/lines.ts';
import { looksLikeList, readStationList } from '../media/station-list.ts';
import type { Net, Opened } from '../net/open.ts';
import { isHls } from '../source/hls-playlist.ts';
import { statusError } from '../source/status.ts';
import { take } from '../source/take.ts';
import type { Bytes } from '../units.ts';

/** What stands at the address of a station: a stream, a playlist of HLS, or a list of such. */
export type StationAnswer =
  | {
      readonly kind: 'stream';
      readonly url: string;
      readonly headers: Opened['headers'];
      /** The first bytes; those of `body` follow. */
      readonly head: Uint8Array;
      /** Ending it closes the connection. */
      readonly body: AsyncGenerator<Uint8Array, void>;
    }
  | { readonly kind: 'hls'; readonly url: string; readonly bytes: Uint8Array }
  | { readonly kind: 'list'; readonly urls: readonly string[] };

const HEAD: Bytes = 64;
const MOST_LIST: Bytes = 64 * 1024;
/** Of 8 kbit/s, 2 kB come in the two seconds beside a pause of eight. */
const PACE = { windowMs: 10_000, minBytesPerWindow: 1024 };

/**
 * Opens `url` and asks for metadata. What it gives is known by its bytes, not by its type.
 * @throws SOURCE_NOT_MEDIA (a list of nothing), SOURCE_EMPTY, and what `Net.open` and `statusError`
 * say
 */
export async function askStation(url: string, net: Pick<Net, 'open'>, signal: AbortSignal): Promise<StationAnswer> {
  const opened = await net.open(url, { headers: { 'icy-metadata': '1' }, pace: PACE, signal });
  if (opened.status !== 200) {
    opened.close();
    throw statusError(opened.status, opened.url);
  }
  const body = bodyOf(opened);
  let isStream = false;
  try {
    const head = await take(body, HEAD);
    if (head.length === 0) throw new BatonError('SOURCE_EMPTY');
    isStream = !looksLikeList(head);
    if (isStream) return { kind: 'stream', url: opened.url, headers: opened.headers, head, body };
    const text = Buffer.concat([head, await take(body, MOST_LIST)]);
    if (!isHls(text)) return { kind: 'list', urls: urlsIn(text, opened.url) };
    return { kind: 'hls', url: opened.url, bytes: Buffer.concat([text, await take(body, MAX_PLAYLIST_BYTES)]) };
  } finally {
    if (!isStream) await body.return();
  }
}

async function* bodyOf(opened: Opened): AsyncGenerator<Uint8Array, void> {
  try {
    yield* opened.body;
  } finally {
    opened.close();
  }
}

function urlsIn(text: Uint8Array, base: string): readonly string[] {
  const list = readStationList(text, base);
  if (list?.kind !== 'streams' || list.urls.length === 0)
    throw new BatonError('SOURCE_NOT_MEDIA', `no streams at ${base}`);
  return list.urls;
}
