import { createHmac, timingSafeEqual } from 'node:crypto';
import { BatonError } from '../errors.ts';
import type { Frames } from '../units.ts';
import { secretOf, type Keys } from './keys.ts';
import type { Link } from './link.ts';

/** Where a framed stream goes on. */
export interface ResumePoint {
  /** The first frame that the listener does not have. */
  readonly frame: Frames;
  /** Short name of the version of the source that the frames before it came from; see `shortVersion`. */
  readonly version: string;
}

/** What a token is good for: one link, whatever its expiry and place. */
type Signed = Pick<Link, 'kid' | 'rest'>;

const SIGNATURE_CHARS = 22;
const TOKEN = new RegExp(`^(0|[1-9a-z][0-9a-z]{0,8})\\.([0-9a-f]{8})\\.([A-Za-z0-9_-]{${SIGNATURE_CHARS}})$`);

/** As much of a version's name as a token holds. */
export const shortVersion = (version: string): string => version.slice(0, 8);

/**
 * Text that names `point` and that only Baton can write, `<frame in base 36>.<version>.<signature>`, for a player to send
 * back. It is opaque to the player, and of use with this link alone.
 */
export function resumeToken({ frame, version }: ResumePoint, link: Signed, keys: Keys): string {
  const place = `${frame.toString(36)}.${version}`;
  return `${place}.${signature(place, link, keys)}`;
}

/** The point that `token` names. @throws LINK_INVALID when it was altered or made for another link */
export function readResumeToken(token: string, link: Signed, keys: Keys): ResumePoint {
  const [, frame = '', version = '', given = ''] = TOKEN.exec(token) ?? [];
  const [a, b] = [Buffer.from(given), Buffer.from(signature(`${frame}.${version}`, link, keys))];
  if (a.length !== b.length || !timingSafeEqual(a, b))
    throw new BatonError('LINK_INVALID', 'not a resume token of this link');
  return { frame: parseInt(frame, 36), version };
}

/** 132 bits of HMAC-SHA-256. */
function signature(place: string, { kid, rest }: Signed, keys: Keys): string {
  const text = ['baton-resume-1', rest, ...place.split('.')].join('\n');
  return createHmac('sha256', secretOf(keys, kid)).update(text).digest('base64url').slice(0, SIGNATURE_CHARS);
}
