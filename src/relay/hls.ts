import { BatonError } from '../errors.ts';
import { splitReload } from '../hls/reload.ts';
import { secretOf } from '../sign/keys.ts';
import type { Link } from '../sign/link.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { hlsFile } from './hls-file.ts';
import { hlsLive } from './hls-live.ts';
import { hlsMode, parseHlsFileOptions, parseHlsLiveOptions, type HlsLiveOptions } from './hls-options.ts';
import { hlsRelay } from './hls-relay.ts';
import { parseHlsRelayOptions } from './hls-relay-options.ts';
import type { Reply, Request } from './reply.ts';

/**
 * HLS of any source: the playlists and segments of an episode, made just in time (no mode), of a channel (`mode.live`),
 * or those of another server, passed on (`mode.relay`). The link itself is the multivariant playlist, its places are what
 * that leads to.
 */
export async function hls(request: Request, baton: Baton, notes: Notes): Promise<Reply> {
  const { path, reload } = splitReload(request.path);
  const link = baton.readLink(path, baton.now() / 1000);
  if (link.kind !== 'hls') throw new BatonError('NOT_FOUND', link.kind);
  notes.rendition = link.options;
  const { mode, options } = hlsMode(link.options);
  if (reload !== null && mode !== 'relay') throw new BatonError('LINK_INVALID', 'directives for a relay');
  switch (mode) {
    case 'file':
      return await hlsFile(request, link, parseHlsFileOptions(options), baton, notes);
    case 'relay':
      return await hlsRelay(request, link, parseHlsRelayOptions(link.options), reload, baton, notes);
    case 'live':
      return await hlsLive(request, link, liveOptions(link, baton), baton, notes);
  }
}

const liveOptions = ({ options, kid }: Link, { keys }: Baton): HlsLiveOptions =>
  parseHlsLiveOptions(options, secretOf(keys, kid));
