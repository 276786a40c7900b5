import { BatonError } from '../errors.ts';

/** The signing keys that are accepted, and the one that signs. */
export interface Keys {
  readonly current: string;
  /** Key id to secret. */
  readonly byId: ReadonlyMap<string, Uint8Array>;
}

/** One signing key. */
export interface Key {
  /** 1 to 8 characters of a-z and 0-9. */
  readonly kid: string;
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
}

/**
 * Reads `kid:secret` pairs (the secret in base64url), separated by blanks, commas or line ends. The first one signs.
 * @throws CONFIG_INVALID, never with a secret in its detail
 */
export function parseKeys(text: string): Keys {
  const byId = new Map<string, Uint8Array>();
  for (const pair of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const { kid, secret } = parseKey(pair, byId.size + 1);
    if (byId.has(kid)) throw invalid(`signing key ${kid} is given twice`);
    byId.set(kid, secret);
  }
  return keysOf(byId);
}

/** The text that `parseKeys` reads, one key a line, the current one first. */
export function formatKeys(keys: Keys): string {
  return currentFirst(keys)
    .map(([kid, secret]) => `${kid}:${Buffer.from(secret).toString('base64url')}\n`)
    .join('');
}

/** A new key. `random` gives that many random bytes. */
export function newKey(random: (count: number) => Uint8Array): Key {
  const kid = Array.from(random(8), (byte) => (byte % 36).toString(36)).join('');
  return { kid, secret: random(32) };
}

/** Lets `key` sign from now on; links of the other keys stay good. */
export function addKey(keys: Keys, { kid, secret }: Key): Keys {
  checkKey(kid, secret);
  if (keys.byId.has(kid)) throw invalid(`signing key ${kid} exists already`);
  return keysOf(new Map([[kid, secret], ...currentFirst(keys)]));
}

/** Revokes every link that `kid` signed. When it was the current key, the next one signs. */
export function removeKey(keys: Keys, kid: string): Keys {
  if (!keys.byId.has(kid)) throw invalid(`there is no signing key ${kid}`);
  return keysOf(new Map(currentFirst(keys).filter(([id]) => id !== kid)));
}

/** The secret of `kid`. @throws CONFIG_INVALID when there is none */
export function secretOf(keys: Keys, kid: string): Uint8Array {
  const secret = keys.byId.get(kid);
  if (secret === undefined) throw invalid(`there is no signing key ${kid}`);
  return secret;
}

function parseKey(pair: string, position: number): Key {
  const [kid, text, ...more] = pair.split(':');
  const secret = Buffer.from(text ?? '', 'base64url');
  if (kid === undefined || text === undefined || more.length > 0 || secret.toString('base64url') !== text) {
    throw invalid(`signing key ${position} is not of the form id:base64url`);
  }
  checkKey(kid, secret);
  return { kid, secret };
}

function checkKey(kid: string, secret: Uint8Array): void {
  if (!/^[a-z0-9]{1,8}$/.test(kid)) throw invalid('a key id has 1 to 8 characters of a-z and 0-9');
  if (secret.byteLength < 32) throw invalid(`the secret of signing key ${kid} has fewer than 32 bytes`);
}

function currentFirst({ current, byId }: Keys): [string, Uint8Array][] {
  return [...byId].sort(([a], [b]) => Number(b === current) - Number(a === current));
}

function keysOf(byId: ReadonlyMap<string, Uint8Array>): Keys {
  const [current] = byId.keys();
  if (current === undefined) throw invalid('there is no signing key');
  return { current, byId };
}

const invalid = (detail: string): BatonError => new BatonError('CONFIG_INVALID', detail);
