import { randomBytes } from 'node:crypto';
import { CloudFrontKeyValueStoreClient } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { edgeKeys } from '../src/key-sync/edge-keys.ts';
import { keysFunction, type KeysAnswer, type Remaining } from '../src/key-sync/keys-function.ts';
import { keySecret } from '../src/key-sync/secret.ts';

const { BATON_KEYS_SECRET = '', BATON_KEY_VALUE_STORE = '' } = process.env;

const places = {
  secret: keySecret(new SecretsManagerClient(), BATON_KEYS_SECRET),
  edge: edgeKeys(new CloudFrontKeyValueStoreClient(), BATON_KEY_VALUE_STORE),
  random: randomBytes,
};

/** Makes, rotates and revokes signing keys, and copies them to the edge. It has no URL. */
export const handler = (event: unknown, context: Remaining): Promise<KeysAnswer | null> =>
  keysFunction(event, context, places);
