/** What a player of low latency asks for: a playlist that has a segment, or part, already, or what has changed since. */
export interface Reload {
  /** As it stands in the address: `_HLS_msn=17&_HLS_part=2&_HLS_skip=YES`. */
  readonly query: string;
  /** Whether the server answers once that segment is there. */
  readonly isBlocking: boolean;
}

const QUERY =
  /^(?=.)(?:_HLS_msn=(?:0|[1-9]\d{0,15})(?:&_HLS_part=(?:0|[1-9]\d{0,15}))?)?(?:(?:^|&)_HLS_skip=(?:YES|v2))?$/;

/**
 * A request target without its delivery directives, and those (draft-pantos-hls-rfc8216bis section 6.2.5); each in its one
 * spelling and their order. Any other query stays where it is.
 */
export function splitReload(path: string): { readonly path: string; readonly reload: Reload | null } {
  const [address = '', query] = path.split('?', 2);
  if (query === undefined || !QUERY.test(query) || path.length !== address.length + 1 + query.length)
    return { path, reload: null };
  return { path: address, reload: { query, isBlocking: query.startsWith('_HLS_msn=') } };
}

/** The address of a playlist with these directives. */
export function withReload(url: string, reload: Reload | null): string {
  if (reload === null) return url;
  const asked = new URL(url);
  asked.search += `${asked.search === '' ? '?' : '&'}${reload.query}`;
  return asked.href;
}
