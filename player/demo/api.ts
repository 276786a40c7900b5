/** A rendition that the page can play; paths on this server. */
export interface Rendition {
  readonly label: string;
  /** Path of a file link. */
  readonly url: string;
  /** Of the stream that the player prefers; null where there is none. */
  readonly framedUrl?: string | null;
  readonly embedUrl?: string;
  /** As in the link: `codec.mp3~bitrate.96k`. */
  readonly options: string;
}

/** What the server tells of its demo (`src/local/demo-api.ts`). */
export interface Demo {
  readonly episode: {
    readonly title: string;
    readonly artist: string;
    readonly artwork: string;
    readonly sourceUrl: string;
    readonly sourceBytes: number;
  };
  readonly renditions: readonly Rendition[];
  /** Framed streams of the episode, in the order to be tried. */
  readonly framed: readonly { readonly url: string; readonly type: string }[];
  readonly radio: { readonly name: string; readonly url: string; readonly embedUrl: string };
  /** An HLS playlist. */
  readonly film: { readonly title: string; readonly url: string } | null;
  readonly feed: { readonly sourceUrl: string; readonly url: string; readonly embedUrl: string };
}

/** What it takes to go on air from the studio page. */
export interface Studio {
  readonly station: string;
  readonly token: string;
  /** Whole addresses. */
  readonly listen: { readonly audio: string; readonly stream: string; readonly embed: string };
}

/** Absolute addresses. */
export interface Link {
  readonly url: string;
  readonly framedUrl?: string | null;
  readonly embedUrl: string;
}

/** The demo episode and its renditions. Throws an Error whose message is for the visitor. */
export const getDemo = (): Promise<Demo> => ask<Demo>('/api/demo');

/** The studio of this server. Throws as `getDemo`. */
export const getStudio = (): Promise<Studio> => ask<Studio>('/api/studio');

/** A signed link to `sourceUrl` with `options` as in a link. Throws an Error whose message is for the visitor. */
export const makeLink = (sourceUrl: string, options: string): Promise<Link> =>
  ask<Link>('/api/link', posted({ url: sourceUrl, ...parts(options) }));

/** Breaks something on the server; gives what was done, in words. Throws as `makeLink`. */
export const breakIt = async (what: string): Promise<string> =>
  (await ask<{ said: string }>('/api/break', posted({ what }))).said;

/** The demo's feed as its host publishes it. Throws as `makeLink`. */
export const getFeed = async (): Promise<string> => (await ask<{ text: string }>('/api/feed')).text;

/** The text at `url`. Throws as `makeLink`. */
export async function readText(url: string): Promise<string> {
  const response = await fetch(url, { cache: 'no-store' });
  if (!response.ok) throw new Error(`The local server answered ${response.status}.`);
  return response.text();
}

const posted = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch(() => {
    throw new Error('The local server does not answer. Is it still running?');
  });
  const json = response.json() as Promise<unknown>;
  const body = await json.catch(() => null);
  if (response.ok && body !== null) return body as T;
  throw new Error(messageOf(body) ?? `The local server answered ${response.status}.`);
}

function messageOf(body: unknown): string | null {
  const { message } = (body ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : null;
}

/** `codec.mp3~bitrate.96k` as `{ codec: 'mp3', bitrate: '96k' }`. */
const parts = (options: string): Record<string, string> =>
  Object.fromEntries(options.split('~').map((pair) => splitOnce(pair, '.')));

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}
