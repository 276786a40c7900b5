import { BatonError } from '../errors.ts';
import { parseRendition } from '../grid/rendition.ts';
import { privateLink, publicLink, roundUpToHour, type Link } from '../sign/link.ts';
import type { Tags } from '../media/tags.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import type { Reply, Request } from './reply.ts';

/** Nothing but the player's own script, styles and pictures, from this origin; any page may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "media-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * A page with the player for the virtual file that the link's options describe. A source that cannot be read shows as
 * this response's error.
 */
export async function embed(request: Request, baton: Baton, notes: Notes): Promise<Reply> {
  const link = baton.readLink(request.path, baton.now() / 1000);
  if (link.kind !== 'embed') throw new BatonError('NOT_FOUND', link.kind);
  parseRendition(link.options);
  notes.rendition = link.options;
  const { record } = await baton.sources.open(link.source, request.signal, notes.meter);
  const html = Buffer.from(page(fileLink(link, baton), record.tags));
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(html.length),
      'cache-control': 'no-store',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
    },
    body: request.method === 'HEAD' ? null : html,
  };
}

/** The file behind the page: public when the page is, else with its expiry, rounded up to the hour. */
function fileLink({ options, source, name, expiresAt, scope, rest }: Link, { keys, now }: Baton): string {
  const content = { kind: 'file', options, source, name: name.replace(/(\.html)?$/, '.mp3') } as const;
  const seal = { encryptSource: rest.split('/')[1]?.startsWith('~') === true }; // what the page's own link hides, the page hides
  if (expiresAt === null) return publicLink(content, keys, seal);
  const access = { expiresAt: roundUpToHour(expiresAt), scope: scope ?? 'embed' };
  return privateLink(content, access, keys, now() / 1000, seal);
}

const page = (src: string, { title = 'Baton', artist, artwork }: Tags): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>html,body{margin:0;height:100%}body{display:grid;align-items:center}baton-player{width:100%}</style>
<script type="module" src="/player/baton-player.js"></script>
<baton-player src="${escapeHtml(src)}" title="${escapeHtml(title)}"${attribute('artist', artist)}${attribute('artwork', artwork && dataUrl(artwork))}></baton-player>
</html>
`;

const attribute = (name: string, value: string | undefined): string =>
  value === undefined ? '' : ` ${name}="${escapeHtml(value)}"`;

const dataUrl = ({ mime, bytes }: { mime: string; bytes: Uint8Array }): string =>
  `data:${mime};base64,${Buffer.from(bytes).toString('base64')}`;

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
