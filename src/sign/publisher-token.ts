import { createHmac, timingSafeEqual } from 'node:crypto';
import { BatonError } from '../errors.ts';
import type { Seconds } from '../units.ts';
import { secretOf, type Keys } from './keys.ts';

/** Who may publish on which channel, and until when. */
export interface Publisher {
  readonly channel: string;
  /** Unix time. */
  readonly expiresAt: Seconds;
}

/** The longest a publisher token may live. */
export const MAX_PUBLISHER_LIFE: Seconds = 366 * 86_400;
const CLOCK_SKEW: Seconds = 60;

const CHANNEL = '[a-z0-9][a-z0-9-]{0,63}';
const TOKEN = new RegExp(`^([a-z0-9]{1,8})\\.([1-9a-z][0-9a-z]{0,8})\\.(${CHANNEL})\\.([A-Za-z0-9_-]{43})$`);

/**
 * Text that lets whoever has it publish on one channel: `<key id>.<expiry in base 36>.<channel>.<signature>`. It opens no
 * link, and no link opens a channel. @throws OPTIONS_INVALID for a channel that is no name of one
 */
export function publisherToken({ channel, expiresAt }: Publisher, keys: Keys, now: Seconds): string {
  const kid = keys.current;
  const expiry = Math.floor(Math.min(expiresAt, now + MAX_PUBLISHER_LIFE)).toString(36);
  const token = `${kid}.${expiry}.${channel}.${signature(kid, expiry, channel, keys)}`;
  if (!TOKEN.test(token))
    throw new BatonError(
      'OPTIONS_INVALID',
      `a channel has 1 to 64 characters of a-z, 0-9 and -, which "${channel}" has not`,
    );
  return token;
}

/** Checks a token. @throws PUBLISHER_REFUSED when it was not made here or has been altered; PUBLISHER_EXPIRED */
export function readPublisherToken(token: string, keys: Keys, now: Seconds): Publisher {
  const [, kid = '', expiry = '', channel = '', given = ''] = TOKEN.exec(token) ?? [];
  if (!keys.byId.has(kid)) throw new BatonError('PUBLISHER_REFUSED', `no token of key "${kid}"`);
  const [a, b] = [Buffer.from(given, 'latin1'), Buffer.from(signature(kid, expiry, channel, keys), 'latin1')];
  if (a.length !== b.length || !timingSafeEqual(a, b))
    throw new BatonError('PUBLISHER_REFUSED', 'the signature does not match');
  const expiresAt = parseInt(expiry, 36);
  if (now >= expiresAt) throw new BatonError('PUBLISHER_EXPIRED', channel);
  if (expiresAt - now > MAX_PUBLISHER_LIFE + CLOCK_SKEW)
    throw new BatonError('PUBLISHER_REFUSED', 'expires too far ahead');
  return { channel, expiresAt };
}

function signature(kid: string, expiry: string, channel: string, keys: Keys): string {
  const text = ['baton-publish-1', kid, expiry, channel].join('\n');
  return createHmac('sha256', secretOf(keys, kid)).update(text).digest('base64url');
}
