/** The last segment of a leg: a time or a resume token. */
const PLACE = /^(?:t\.\d+|r\.[A-Za-z0-9._~-]+)$/;

/** Whether the address names a framed stream: its file, or the segment before a place, ends in `.mp4`. */
export function isFramed(src: string): boolean {
  return pathOf(src).toLowerCase().endsWith('.mp4');
}

/** Whether an address or its type is that of an HLS playlist. */
export const isPlaylist = (src: string, type = ''): boolean => /mpegurl|\.m3u8$/i.test(type + pathOf(src));

/** Whether the address is that of a channel, `/live/<token>/<options>/<source>/<name>`. */
export const isLive = (src: string): boolean => /\/live(\/[^/]+){4}$/.test(pathOf(src));

/**
 * The address of the leg of `src` that begins at `place`: `t.<ms>`, `r.<token>` or, where the server thinks best, none. A
 * place that `src` has is replaced.
 */
export function legAddress(src: string, place: string): string {
  const [, path = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(src) ?? [];
  return withoutPlace(path) + (place && `/${place}`) + query;
}

/** The place of a time in seconds; none before the beginning. */
export const timePlace = (seconds: number): string => (seconds < 0 ? '' : `t.${Math.floor(seconds * 1000)}`);

const pathOf = (src: string): string => withoutPlace(src.replace(/[?#].*/s, ''));

function withoutPlace(path: string): string {
  const cut = path.lastIndexOf('/');
  return PLACE.test(path.slice(cut + 1)) ? path.slice(0, cut) : path;
}
