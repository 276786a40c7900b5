import { BatonError } from '../errors.ts';

const MAX_CHARS = 8_192;

/**
 * A URI of a playlist as a whole address, without its fragment. http and https are let in from anywhere, s3 from a playlist
 * of the same bucket: whoever writes a playlist on the web must not open a bucket with it.
 * @throws PLAYLIST_INVALID
 */
export function playlistAddress(uri: string, base: string): string {
  const url = uri.length > MAX_CHARS ? null : URL.parse(uri, base);
  if (uri === '' || url === null) throw new BatonError('PLAYLIST_INVALID', `no address: "${uri.slice(0, 80)}"`);
  if (!/^https?:$/.test(url.protocol) && !isSameBucket(url, new URL(base)))
    throw new BatonError('PLAYLIST_INVALID', `an address of ${url.protocol} ${url.host.slice(0, 80)}`);
  url.hash = '';
  return url.href;
}

const isSameBucket = (url: URL, base: URL): boolean =>
  url.protocol === 's3:' && base.protocol === 's3:' && url.host === base.host;
