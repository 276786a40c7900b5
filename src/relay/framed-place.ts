import { BatonError } from '../errors.ts';
import type { Keys } from '../sign/keys.ts';
import type { Link } from '../sign/link.ts';
import { readResumeToken, type ResumePoint } from '../sign/resume-token.ts';
import type { Milliseconds } from '../units.ts';

/** Where in a stream a listener wants to begin. */
export type Place =
  | { readonly kind: 'start' }
  | { readonly kind: 'time'; readonly ms: Milliseconds }
  | ({ readonly kind: 'resume' } & ResumePoint);

/**
 * The place of a link to a framed stream: none, `t.<milliseconds>` or `r.<resume token>`.
 * @throws NOT_FOUND for any other place, LINK_INVALID for a token that was not made for this link
 */
export function readPlace(link: Link, keys: Keys): Place {
  if (link.place === null) return { kind: 'start' };
  if (link.place.startsWith('r.')) return { kind: 'resume', ...readResumeToken(link.place.slice(2), link, keys) };
  const ms = /^t\.(0|[1-9]\d{0,9})$/.exec(link.place)?.[1];
  if (ms === undefined) throw new BatonError('NOT_FOUND', link.place);
  return { kind: 'time', ms: Number(ms) };
}
