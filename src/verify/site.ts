import { setTimeout as sleep } from 'node:timers/promises';
import { parseContentRange } from '../net/range.ts';
import type { Access, LinkContent } from '../sign/link.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { Answer, Ask, Client } from './client.ts';

/** Makes the path of a link: public, or private with an access. */
export type Sign = (content: LinkContent, access?: Access) => string;

/** From where on something is called slow, and how much is read. */
export interface Limits {
  readonly maxBytes: Bytes;
  readonly coldMs: Milliseconds;
  readonly warmMs: Milliseconds;
  /** How long a file may be without a length because its source is still being counted. */
  readonly indexMs: Milliseconds;
}

/** The deployment under test, seen through one link. */
export interface Site {
  readonly url: URL;
  /** A framed stream has neither length nor ranges. */
  readonly isFramed: boolean;
  /** Unix time; null for a public link. */
  readonly expiresAt: number | null;
  /** For links that only the owner of the keys can make; null without keys. */
  readonly sign: Sign | null;
  /** A source that the deployment can read; null when it is not known. */
  readonly source: string | null;
  readonly limits: Limits;
  ask(ask: Ask): Promise<Answer>;
  /** One HEAD, once the file has a length. */
  head(): Promise<Answer>;
  /** One GET of the whole, up to `limits.maxBytes`: what ranges are compared with. */
  whole(): Promise<Answer>;
  /** The bytes of `whole`; none when that failed. */
  known(): Promise<Buffer>;
  /** From HEAD, else from a Content-Range; null when nobody says. */
  size(): Promise<Bytes | null>;
}

/** What a site is made of. */
export interface SiteOptions {
  /** The whole link. */
  readonly url: string;
  readonly sign?: Sign | null;
  readonly source?: string | null;
  readonly limits: Limits;
}

/** The site behind a link; nothing is asked yet. */
export function createSite({ url, sign = null, source = null, limits }: SiteOptions, client: Client): Site {
  const link = new URL(url);
  const ask = (wanted: Ask): Promise<Answer> => client.ask(wanted.url ?? url, wanted);
  const head = once(() => measuredHead(ask, limits.indexMs));
  const whole = once(() => ask({ leaveAfter: limits.maxBytes }));
  return {
    url: link,
    isFramed: link.pathname.endsWith('.mp4'),
    expiresAt: expiryOf(link),
    ...{ sign, source, limits, ask, head, whole },
    known: async () => {
      const { status, bytes } = await whole();
      return status === 200 ? bytes : Buffer.alloc(0);
    },
    size: once(async () => {
      const { status, headers } = await head();
      const stated = headers['content-length'];
      if (status === 200 && stated !== undefined) return Number(stated);
      const part = await ask({ range: '0-1' });
      return parseContentRange(part.headers['content-range'])?.size ?? null;
    }),
  };
}

const INDEX_POLL_MS: Milliseconds = 500;

/** The length of a source may have to be counted first, and says so. */
async function measuredHead(ask: Site['ask'], withinMs: Milliseconds): Promise<Answer> {
  const until = performance.now() + withinMs;
  for (;;) {
    const answer = await ask({ method: 'HEAD' });
    if (answer.headers['accept-ranges'] !== 'none' || performance.now() > until) return answer;
    await sleep(INDEX_POLL_MS);
  }
}

/** The third but last part of a private token is its expiry. */
function expiryOf({ pathname }: URL): number | null {
  const expiry = pathname.split('/')[2]?.split('.').at(-3);
  return expiry === undefined ? null : parseInt(expiry, 36);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
