import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton, type TestBatonOptions } from '../support/baton.ts';
import { get, type Answer, type Ask } from '../support/client.ts';
import { startOrigin, type Content, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

export const OPTIONS = 'codec.mp3~bitrate.96k';

/** A publisher of a feed, a server of its episodes, and a Baton. */
export interface Setting extends AsyncDisposable {
  readonly media: Origin;
  readonly publisher: Origin;
  readonly baton: TestBaton;
  link(options?: string): string;
  feed(ask?: Ask, options?: string): Promise<Answer>;
}

/** `feedOf` writes the feed; episodes are at any path, by default all the same 8 seconds with chapters. */
export async function setting(
  feedOf: (media: Origin) => string,
  { episodes, ...options }: Partial<TestBatonOptions> & { episodes?: Content } = {},
): Promise<Setting> {
  const media = await startOrigin(episodes ?? (await source('chapters.mp3', { seconds: 8 })).bytes);
  const publisher = await startOrigin(Buffer.from(feedOf(media)), {
    contentType: 'application/rss+xml; charset=utf-8',
  });
  const baton = await startBaton({ ...options, allowOrigins: [media.origin, publisher.origin] });
  const link = (asked = OPTIONS): string =>
    baton.origin +
    publicLink({ kind: 'feed', options: asked, source: publisher.url('/feed.xml'), name: 'feed.xml' }, baton.keys);
  return {
    ...{ media, publisher, baton, link },
    feed: (ask, asked) => get(link(asked), ask),
    [Symbol.asyncDispose]: async () => {
      await baton.stop();
      await Promise.all([media.close(), publisher.close()]);
    },
  };
}

export const rss = (items: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>A podcast</title>${items}</channel></rss>\n`;

export const item = (url: string, more = ''): string =>
  `<item><title>${url.split('/').at(-1) ?? ''}</title>${more}<enclosure url="${url}" length="1" type="audio/x-mp3"/></item>\n`;

/** An enclosure or alternate of a relayed feed, in the order of the feed. */
export interface Listed {
  readonly url: string;
  readonly length: number;
  readonly type: string;
}

/** What a relayed feed says of its files. */
export const listed = (bytes: Uint8Array): Listed[] =>
  [
    ...Buffer.from(bytes)
      .toString()
      .matchAll(
        /<enclosure url="(?<url>[^"]*)" length="(?<length>\d+)" type="(?<type>[^"]*)"|<podcast:alternateEnclosure type="(?<type2>[^"]*)"[^>]* length="(?<length2>\d+)"[^>]*><podcast:source uri="(?<url2>[^"]*)"/g,
      ),
  ].map(({ groups = {} }) => ({
    url: groups['url'] ?? groups['url2'] ?? '',
    length: Number(groups['length'] ?? groups['length2']),
    type: groups['type'] ?? groups['type2'] ?? '',
  }));

/** Those that Baton serves. */
export const ours = (bytes: Uint8Array, { origin }: TestBaton): Listed[] =>
  listed(bytes).filter(({ url }) => url.startsWith(`${origin}/file/`));
