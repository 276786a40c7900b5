import { BatonError, toBatonError } from '../errors.ts';
import { imageSize } from '../media/image-size.ts';
import type { Tags } from '../media/tags.ts';
import type { Link } from '../sign/link.ts';
import type { Source } from '../source/record.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { type Card, cardHtml, isCardReader, oembed, titleOf } from './embed-card.ts';
import { parseEmbedOptions, type EmbedOptions } from './embed-options.ts';
import { contentSecurityPolicy, type Details, detailsHtml, failureHtml, ROOT, shellHtml } from './embed-page.ts';
import { livePlayables, type Playable, playables } from './embed-sources.ts';
import { readPlaylist } from './feed-playlist-reply.ts';
import { publicBase } from './public-base.ts';
import type { Headers, Reply, Request } from './reply.ts';

/**
 * A page with the player for the virtual file that the link's options describe. The player leaves at once; title,
 * chapters and length follow in the same response when the source has answered, or else the reason why it cannot be
 * played. Two places belong to it: `oembed.json` and `artwork`.
 */
export async function embed(request: Request, baton: Baton, notes: Notes): Promise<Reply> {
  const { path, query } = splitQuery(request.path);
  const link = baton.readLink(path, baton.now() / 1000);
  if (link.kind !== 'embed') throw new BatonError('NOT_FOUND', link.kind);
  const options = parseEmbedOptions(link.options);
  notes.rendition = link.options;
  const files = filesOf(link, options, baton);
  const page: Page = { request, baton, notes, link, options, path, files };
  if (link.place === 'artwork' && options.kind === 'file') return artwork(page);
  if (link.place === 'oembed.json') return oembedReply(page, query);
  if (link.place !== null) throw new BatonError('NOT_FOUND', link.place);
  return htmlReply(page);
}

function filesOf(link: Link, { kind, rendition, lines }: EmbedOptions, baton: Baton): readonly Playable[] {
  if (kind === 'feed') return [];
  return kind === 'live' ? livePlayables(link, rendition, baton) : playables(link, rendition, lines, baton);
}

const MOST_EPISODES = 50;

interface Page {
  readonly request: Request;
  readonly baton: Baton;
  readonly notes: Notes;
  readonly link: Link;
  readonly options: EmbedOptions;
  readonly path: string;
  readonly files: readonly Playable[];
}

/** Readers of oEmbed add a query to the address they found. */
function splitQuery(target: string): { path: string; query: URLSearchParams } {
  const at = target.indexOf('?');
  return at < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, at), query: new URLSearchParams(target.slice(at)) };
}

async function htmlReply(page: Page): Promise<Reply> {
  const { request, options } = page;
  const headers: Headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy(frameAncestors(options)),
    'referrer-policy': 'no-referrer',
  };
  if (request.method === 'HEAD') return { status: 200, headers, body: null };
  const waits = isCardReader(request.headers['user-agent']) && options.kind === 'file';
  const source = waits ? await open(page) : null;
  return { status: 200, headers, body: html(page, source) };
}

/** Card readers stop at the end of the head, so that for them the source comes first. */
async function* html(page: Page, known: Source | null): AsyncGenerator<Uint8Array, void> {
  const { link, options, files, notes } = page;
  const title = titleOf(known?.record.tags ?? NO_TAGS, link.name);
  const head = known === null && options.kind !== 'live' ? '' : cardHtml(cardOf(page, known?.record.tags ?? NO_TAGS));
  yield Buffer.from(shellHtml({ title, name: link.name, playables: files, theme: options.theme, head }));
  try {
    yield Buffer.from(detailsHtml(await detailsFor(page, known)));
  } catch (thrown) {
    if (page.request.signal.aborted) throw thrown;
    const error = toBatonError(thrown);
    notes.failure = error;
    yield Buffer.from(failureHtml(error));
  }
}

/** A station is asked nothing before somebody listens: what it plays is told in its stream. */
async function detailsFor(page: Page, known: Source | null): Promise<Details> {
  if (page.options.kind === 'feed') return feedDetails(page);
  if (page.options.kind === 'live') return { title: titleOf(NO_TAGS, page.link.name) };
  return detailsOf(page, known ?? (await open(page)));
}

const NO_TAGS: Tags = { chapters: [] };

const open = ({ baton, link, request, notes }: Page): Promise<Source> =>
  baton.sources.open(link.source, request.signal, notes.meter);

/** Episodes by addresses that are relative to the page, and without the pictures of others: nobody else is asked anything. */
async function feedDetails({ link, baton, options, request, notes }: Page): Promise<Details> {
  const base = publicBase(request, baton.config);
  const asked = { rendition: options.rendition, items: MOST_EPISODES };
  const { title: feedTitle, entries } = await readPlaylist(asked, base, link, request.signal, baton, notes.meter);
  const playlist = entries.map(({ title, artist, duration, sources }) => ({
    ...{ title, artist, duration },
    sources: sources.map(({ src, type }) => ({ src: ROOT + src.slice(base.length), type })),
  }));
  return { title: feedTitle ?? titleOf(NO_TAGS, link.name), playlist };
}

function detailsOf({ link, baton, options }: Page, source: Source): Details {
  const { tags, durationMs } = baton.files(source, options.rendition);
  return {
    title: titleOf(tags, link.name),
    artist: tags.artist,
    artwork: tags.artwork === undefined ? undefined : `${link.name}/artwork`,
    duration: durationMs === null ? undefined : durationMs / 1000,
    chapters: tags.chapters.map(({ startMs, endMs, title }) => ({ start: startMs / 1000, end: endMs / 1000, title })),
  };
}

function cardOf({ request, baton, link, path, files }: Page, tags: Tags): Card {
  const base = publicBase(request, baton.config);
  const pageUrl = base + path.replace(/\/oembed\.json$/, '');
  const plain = files.at(-1);
  return {
    pageUrl,
    audio: plain === undefined ? null : { url: base + plain.path, type: plain.type },
    artwork: tags.artwork === undefined ? null : { url: `${pageUrl}/artwork`, size: imageSize(tags.artwork.bytes) },
    title: titleOf(tags, link.name),
    artist: tags.artist,
  };
}

async function oembedReply(page: Page, query: URLSearchParams): Promise<Reply> {
  if ((query.get('format') ?? 'json') !== 'json') throw new BatonError('NOT_FOUND', 'oEmbed is given as JSON alone');
  const most = (name: string): number => Number(/^[1-9]\d*$/.exec(query.get(name) ?? '')?.[0] ?? Infinity);
  const tags = page.options.kind === 'file' ? (await open(page)).record.tags : NO_TAGS;
  const card = cardOf(page, tags);
  const body = Buffer.from(`${JSON.stringify(oembed(card, { width: most('maxwidth'), height: most('maxheight') }))}\n`);
  return small(page, body, { 'content-type': 'application/json; charset=utf-8' });
}

async function artwork(page: Page): Promise<Reply> {
  const { artwork: picture } = (await open(page)).record.tags;
  if (picture === undefined) throw new BatonError('NOT_FOUND', 'no artwork');
  const alone = "default-src 'none'; sandbox";
  return small(page, picture.bytes, { 'content-type': picture.mime, 'content-security-policy': alone });
}

function small({ request, link }: Page, body: Uint8Array, headers: Headers): Reply {
  return {
    status: 200,
    headers: {
      ...headers,
      'content-length': String(body.length),
      'cache-control': link.expiresAt === null ? 'public, max-age=300' : 'no-store',
    },
    body: request.method === 'HEAD' ? null : body,
  };
}

/** As the header wants it; a host that begins with a dot stands for all below it (CSP3 section 6.4.2). */
function frameAncestors({ frames }: EmbedOptions): string | null {
  if (frames === null) return null;
  if (frames === 'none' || frames === 'self') return `'${frames}'`;
  return frames.map((host) => (host.startsWith('.') ? `*${host}` : host)).join(' ');
}
