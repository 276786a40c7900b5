import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { BatonError } from '../errors.ts';
import { isShowAddress, parseShowAddress, showAddress } from '../show-address.ts';

/**
 * The source segment of a link: the URL in its canonical spelling, as base64url; or `~` and the base64url of its
 * AES-256-GCM ciphertext when `encrypt` is set, because the URL itself is a secret. Both give the same text every time.
 * @throws SOURCE_URL_INVALID
 */
export function sealSource(source: string, secret: Uint8Array, encrypt: boolean): string {
  const url = canonicalSource(source);
  return encrypt ? `~${encrypted(url, secret).toString('base64url')}` : Buffer.from(url).toString('base64url');
}

/**
 * The URL of a source segment.
 * @throws LINK_INVALID when the text is not its own canonical spelling or was not sealed with `secret`; SOURCE_URL_INVALID
 */
export function unsealSource(segment: string, secret: Uint8Array): string {
  const text = segment.startsWith('~') ? segment.slice(1) : segment;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw new BatonError('LINK_INVALID', 'source is not canonical base64url');
  return canonicalSource((text === segment ? bytes : decrypted(bytes, secret)).toString());
}

/**
 * The one spelling of a source URL: as the URL standard serialises it, without fragment.
 * @throws SOURCE_URL_INVALID for anything but http, https and s3 with a host, and what is published here
 */
export function canonicalSource(source: string): string {
  if (isShowAddress(source)) return showAddress(parseShowAddress(source));
  if (!URL.canParse(source)) throw new BatonError('SOURCE_URL_INVALID');
  const url = new URL(source);
  const known = url.protocol === 'http:' || url.protocol === 'https:' || url.protocol === 's3:';
  if (!known || url.hostname === '') throw new BatonError('SOURCE_URL_INVALID', `scheme ${url.protocol}`);
  url.hash = '';
  return url.href;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

// The nonce is derived from the text, so equal sources give equal links and different ones never share a nonce.
function encrypted(url: string, secret: Uint8Array): Buffer {
  const nonce = derived(secret, `baton-source-nonce-1\n${url}`).subarray(0, NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', derived(secret, 'baton-source-key-1'), nonce);
  return Buffer.concat([nonce, cipher.update(url, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function decrypted(sealed: Buffer, secret: Uint8Array): Buffer {
  if (sealed.length <= NONCE_BYTES + TAG_BYTES) throw new BatonError('LINK_INVALID', 'sealed source too short');
  const options = { authTagLength: TAG_BYTES };
  const key = derived(secret, 'baton-source-key-1');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), options);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (thrown) {
    throw new BatonError('LINK_INVALID', 'sealed source does not open', { cause: thrown });
  }
}

const derived = (secret: Uint8Array, purpose: string): Buffer => createHmac('sha256', secret).update(purpose).digest();
