import type { Config } from '../config.ts';
import { readKeysSecret } from '../sign/keys-secret.ts';
import { parseKeys, type Keys } from '../sign/keys.ts';
import { openDataFolder } from './data-folder.ts';

/**
 * The keys that sign and check links: those of BATON_KEYS, of the secret on AWS, or else of the data folder, which is
 * made when it is not there. @throws CONFIG_INVALID
 */
export async function signingKeys({ keys, keysSecret, dataFolder }: Config): Promise<Keys> {
  if (keys !== null) return parseKeys(keys);
  if (keysSecret !== null) return readKeysSecret(keysSecret);
  return (await openDataFolder(dataFolder)).readKeys();
}
