import { privateLink, publicLink, type LinkContent } from '../../src/sign/link.ts';
import type { LogLine } from '../../src/local-lambda/runtime/log-line.ts';
import { testKeys } from '../support/baton.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { overheardPackage } from './overheard.ts';

export const OPTIONS = 'codec.mp3~bitrate.64k';
export const HOUR = 3_600;
export const HIT = 'Hit from cloudfront';
export const MISS = 'Miss from cloudfront';

/** What came through CloudFront. */
export interface Seen {
  readonly status: number;
  /** X-Cache. */
  readonly cache: string | null;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

/** A Baton behind CloudFront, whose cache stays as it is between requests, and links to one episode. */
export interface AtEdge extends AsyncDisposable {
  readonly baton: LambdaBaton;
  readonly origin: Origin;
  readonly openTo: (part?: Partial<LinkContent>) => string;
  readonly closedTo: (lifeSeconds: number, scope?: string, part?: Partial<LinkContent>) => string;
  readonly ask: (path: string, init?: RequestInit) => Promise<Seen>;
  /** The log since the last `forget`, and how many invocations it tells of. */
  readonly lines: () => readonly LogLine[];
  readonly started: () => number;
  /** Empties the cache; what is in the log so far counts no more. */
  readonly forget: () => Promise<void>;
}

export async function startAtEdge(timeoutSeconds = 60): Promise<AtEdge> {
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(await startOrigin((await source('chapters.mp3', { seconds: 20 })).bytes));
  const functions = stack.use(await overheardPackage());
  const setup = { allowOrigins: [origin.origin], packageFolder: functions.folder, timeoutSeconds };
  const baton = stack.use(await startOnLambda(setup, testKeys(), 'cloudfront'));
  const seconds = (): number => Math.floor(Date.now() / 1000);
  const content = (part: Partial<LinkContent>): LinkContent => ({
    ...{ kind: 'file', options: OPTIONS, source: origin.url(), name: 'episode.mp3' },
    ...part,
  });
  let from = 0;
  const lines = (): readonly LogLine[] => baton.lines.slice(from);
  const everything = stack.move();
  return {
    baton,
    origin,
    openTo: (part = {}) => publicLink(content(part), baton.keys),
    closedTo: (lifeSeconds, scope = 'listener-1', part = {}) => {
      const access = { expiresAt: seconds() + lifeSeconds, scope };
      return privateLink(content(part), access, baton.keys, Math.min(seconds(), access.expiresAt - 100));
    },
    ask: async (path, init = {}) => {
      const response = await fetch(baton.origin + path, init);
      const { status, headers } = response;
      return { status, headers, cache: headers.get('x-cache'), bytes: Buffer.from(await response.arrayBuffer()) };
    },
    lines,
    started: () => lines().filter(({ text }) => text.startsWith('START RequestId')).length,
    forget: async () => {
      await baton.idle();
      baton.lambda.invalidate();
      from = baton.lines.length;
    },
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}
