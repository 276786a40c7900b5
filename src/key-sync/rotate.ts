import { BatonError } from '../errors.ts';
import { addKey, newKey, removeKey, type Keys } from '../sign/keys.ts';
import type { EdgeKeys } from './edge-keys.ts';
import type { KeySecret } from './secret.ts';

/** Where the keys are, and where new ones come from. */
export interface KeyPlaces {
  readonly secret: KeySecret;
  readonly edge: EdgeKeys;
  /** That many random bytes. */
  readonly random: (count: number) => Uint8Array;
}

/** What is told of the keys; never a secret. */
export interface KeyList {
  /** Id of the key that signs. */
  readonly current: string;
  readonly accepted: readonly string[];
}

/** Makes a first key when there is none, and the copy at the edge equal to the secret. Throws as the two places do. */
export async function syncKeys({ secret, edge, random }: KeyPlaces, signal: AbortSignal): Promise<KeyList> {
  let keys = await secret.read(signal);
  if (keys === null) {
    const { kid, secret: bytes } = newKey(random);
    keys = { current: kid, byId: new Map([[kid, bytes]]) };
    await secret.write(keys, signal);
  }
  await edge.replace(keys, signal);
  return list(keys);
}

/** A new key that signs from now on. The edge knows it before anybody can sign with it. */
export async function addSigningKey({ secret, edge, random }: KeyPlaces, signal: AbortSignal): Promise<KeyList> {
  const keys = addKey(await existing(secret, signal), newKey(random));
  await edge.replace(keys, signal);
  await secret.write(keys, signal);
  return list(keys);
}

/**
 * Revokes every link that `kid` signed. A function that read the keys before may sign with it for five minutes more, so
 * there should be that long between adding a key and removing the one before. Throws OPTIONS_INVALID when there is no
 * such key, or no other one.
 */
export async function removeSigningKey(
  { secret, edge }: KeyPlaces,
  kid: string,
  signal: AbortSignal,
): Promise<KeyList> {
  const before = await existing(secret, signal);
  if (!before.byId.has(kid)) throw new BatonError('OPTIONS_INVALID', `there is no key ${kid}`);
  if (before.byId.size === 1) throw new BatonError('OPTIONS_INVALID', `${kid} is the only key: add another one first`);
  const keys = removeKey(before, kid);
  await secret.write(keys, signal);
  await edge.replace(keys, signal);
  return list(keys);
}

async function existing(secret: KeySecret, signal: AbortSignal): Promise<Keys> {
  const keys = await secret.read(signal);
  if (keys === null) throw new BatonError('OPTIONS_INVALID', 'there is no key yet: sync first');
  return keys;
}

const list = ({ current, byId }: Keys): KeyList => ({ current, accepted: [...byId.keys()] });
