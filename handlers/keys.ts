import { randomBytes } from 'node:crypto';
import { CloudFrontKeyValueStoreClient } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { readConfig } from '../src/config.ts';
import { BatonError } from '../src/errors.ts';
import { edgeKeys } from '../src/key-sync/edge-keys.ts';
import { keysFunction, type KeysAnswer, type Remaining } from '../src/key-sync/keys-function.ts';
import type { KeyPlaces } from '../src/key-sync/rotate.ts';
import { keySecret } from '../src/key-sync/secret.ts';

/** Makes, rotates and revokes signing keys, and copies them to the edge. It has no URL. */
export const handler = (event: unknown, context: Remaining): Promise<KeysAnswer | null> =>
  keysFunction(event, context, places());

const { keysSecret, keyValueStore } = readConfig(process.env);
const aws = { secrets: new SecretsManagerClient(), edge: new CloudFrontKeyValueStoreClient() };

function places(): KeyPlaces {
  if (keysSecret === null || keyValueStore === null)
    throw new BatonError('CONFIG_INVALID', 'BATON_KEYS_SECRET and BATON_KEY_VALUE_STORE must be set');
  return { secret: keySecret(aws.secrets, keysSecret), edge: edgeKeys(aws.edge, keyValueStore), random: randomBytes };
}
