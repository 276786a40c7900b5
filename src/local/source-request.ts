import { BatonError } from '../errors.ts';
import type { StreamFormat } from '../ingest/format.ts';
import { isChannelName } from '../ingest/message.ts';
import { decodeText } from '../media/legacy-text.ts';
import type { SourceStream } from './source-stream.ts';

type Headers = Readonly<Record<string, string | undefined>>;

/** By content type, as studio software sends it. */
const FORMATS: Readonly<Record<string, StreamFormat['container']>> = {
  ...{ 'audio/mpeg': 'mp3', 'audio/mp3': 'mp3', 'audio/x-mpeg': 'mp3' },
  ...{ 'audio/aac': 'adts', 'audio/aacp': 'adts', 'audio/x-aac': 'adts' },
  ...{ 'application/ogg': 'ogg', 'audio/ogg': 'ogg', 'audio/opus': 'ogg', 'audio/x-vorbis+ogg': 'ogg' },
  ...{ 'audio/webm': 'webm', 'video/webm': 'webm' },
};

/** What a source client asks for at `path`, `/ingest/<channel>`. @throws NOT_FOUND, PUBLISHER_REFUSED, INGEST_FORMAT */
export function sourceRequest(path: string, headers: Headers): SourceStream {
  const channel = channelIn(path);
  const type = (headers['content-type'] ?? 'audio/mpeg').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const container = FORMATS[type];
  const token = sourceToken(headers);
  if (container === undefined) throw new BatonError('INGEST_FORMAT', `content type ${type}`);
  const station = decodeText(Buffer.from(headers['ice-name'] ?? headers['icy-name'] ?? '', 'latin1'));
  return { channel, token, format: { container }, station: station.slice(0, 200) };
}

/** The channel of a mount. @throws NOT_FOUND */
export function channelIn(mount: string): string {
  const channel = /^\/ingest\/([^/?]+)(?:\?.*)?$/.exec(mount)?.[1];
  if (!isChannelName(channel)) throw new BatonError('NOT_FOUND', 'no mount of a channel');
  return channel;
}

/** The password of Basic authentication (RFC 7617). @throws PUBLISHER_REFUSED when there is none of user `source` */
export function sourceToken(headers: Headers): string {
  const given = /^Basic +([A-Za-z0-9+/=_-]{1,400})$/i.exec(headers['authorization'] ?? '')?.[1];
  const [user, ...password] = Buffer.from(given ?? '', 'base64')
    .toString('latin1')
    .split(':');
  if (given === undefined || user !== 'source') throw new BatonError('PUBLISHER_REFUSED', 'no password of user source');
  return password.join(':');
}
