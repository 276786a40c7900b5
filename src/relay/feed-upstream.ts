import { BatonError } from '../errors.ts';
import type { Net, Opened } from '../net/open.ts';
import type { SourceMeter } from '../source/reader.ts';
import { statusError } from '../source/status.ts';
import type { Bytes } from '../units.ts';
import type { FeedVersion } from './feed-record.ts';

/** A feed at its origin. */
export interface Upstream {
  readonly version: FeedVersion;
  /** To be read, and returned once that has begun. Throws SOURCE_TOO_LARGE, SOURCE_EMPTY, and as `Net.open` says. */
  readonly body: AsyncGenerator<Uint8Array, void>;
  /** Drops it unread. */
  close(): void;
}

/** Feeds have 3 MB at most, but for a few. */
const MAX_FEED: Bytes = 10 * 2 ** 20;

/**
 * Asks for a feed, with `known` only if it is another version; null: it is not.
 * @throws SOURCE_TOO_LARGE, SOURCE_MISSING, SOURCE_PRIVATE, SOURCE_FAILED, and what `Net.open` does
 */
export async function openUpstream(
  net: Net,
  url: string,
  known: FeedVersion | null,
  signal: AbortSignal,
  meter: SourceMeter,
): Promise<Upstream | null> {
  const opened = await net.open(url, { signal, headers: { accept: ACCEPT, ...conditions(known) } });
  const { status, headers } = opened;
  if (status === 304 && known !== null) {
    opened.close();
    return null;
  }
  if (status !== 200 || Number(headers['content-length'] ?? 0) > MAX_FEED) {
    opened.close();
    throw status === 200 ? new BatonError('SOURCE_TOO_LARGE', `feed at ${url}`) : statusError(status, opened.url);
  }
  const version = { etag: field(headers, 'etag'), modified: field(headers, 'last-modified') };
  const type = field(headers, 'content-type');
  return { version: { ...version, type }, body: counted(opened, meter), close: () => opened.close() };
}

const ACCEPT = 'application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1';

const field = (headers: Opened['headers'], name: string): string | null => headers[name] ?? null;

const conditions = (known: FeedVersion | null): Record<string, string> => ({
  ...(known?.etag == null ? {} : { 'if-none-match': known.etag }),
  ...(known?.modified == null ? {} : { 'if-modified-since': known.modified }),
});

async function* counted(opened: Opened, meter: SourceMeter): AsyncGenerator<Uint8Array, void> {
  let size: Bytes = 0;
  try {
    for await (const bytes of opened.body) {
      size += bytes.length;
      meter.sourceBytes += bytes.length;
      if (size > MAX_FEED) throw new BatonError('SOURCE_TOO_LARGE', `feed at ${opened.url}`);
      yield bytes;
    }
    if (size === 0) throw new BatonError('SOURCE_EMPTY', opened.url);
  } finally {
    opened.close();
  }
}
