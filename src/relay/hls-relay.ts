import { BatonError } from '../errors.ts';
import { filterVariants } from '../hls/filter.ts';
import { importsAt, withImports, writeImports } from '../hls/imports.ts';
import { playlistLines } from '../hls/lines.ts';
import type { Reload } from '../hls/reload.ts';
import { rewritePlaylist } from '../hls/rewrite.ts';
import { queryParameter, variablesOf } from '../hls/variables.ts';
import type { Link } from '../sign/link.ts';
import type { Bytes } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { feedBase } from './feed-links.ts';
import { playlistReply } from './hls-playlist-reply.ts';
import { isSealed, relayLinks } from './hls-relay-links.ts';
import type { HlsRelayOptions } from './hls-relay-options.ts';
import type { Reply, Request } from './reply.ts';

/**
 * A playlist of another server with links to Baton in it, and all else as it is. Playlists it leads to come this way
 * again, segments and keys as `raw`. What a player of low latency asks for besides is asked of the other server. Where the link
 * hides its source, what the playlist takes from the query of its address stays here, and cannot be imported.
 */
export async function hlsRelay(
  request: Request,
  link: Link,
  options: HlsRelayOptions,
  reload: Reload | null,
  baton: Baton,
  notes: Notes,
): Promise<Reply> {
  if (link.place !== null) throw new BatonError('NOT_FOUND', link.place);
  if (!link.name.endsWith('.m3u8')) throw new BatonError('OPTIONS_INVALID', `HLS ends in .m3u8, not in ${link.name}`);
  const startedAt = performance.now();
  const address = withImports(link.source, options.imports);
  const upstream = await baton.playlists.open(address, reload, request.signal, notes.meter);
  notes.meter.probeMs = performance.now() - startedAt;
  if (options.isMedia && upstream.kind !== 'media')
    throw new BatonError('PLAYLIST_INVALID', 'a multivariant playlist where a media playlist should be');
  const lines = filterVariants(playlistLines(upstream.text), options);
  const isSecret = isSealed(link);
  const told = isSecret ? lines.filter((line) => queryParameter(line) === null) : lines;
  const imports = options.isMedia ? options.imports : writeImports(variablesOf(told, upstream.url));
  const links = relayLinks(link, imports, () => feedBase(request, baton), baton);
  const rewritten = rewritePlaylist(lines, upstream.url, links, importsAt(address).variables, isSecret);
  const text = joined(rewritten, request.limits.wholeBytes);
  const fresh = Math.max(0, upstream.freshUntil - baton.now()) / 1000;
  return playlistReply(text, fresh, request, link, baton);
}

/** Links may be far longer than what they stand for. */
const MAX_BYTES: Bytes = 16 * 2 ** 20;

function joined(pieces: Iterable<string>, limit: Bytes): string {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    // In UTF-8 a character of a string is a byte or more.
    if (text.length > Math.min(limit, MAX_BYTES)) throw new BatonError('PLAYLIST_TOO_LARGE', 'with its links');
  }
  return text;
}
