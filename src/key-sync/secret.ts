import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { formatKeys, parseKeys, type Keys } from '../sign/keys.ts';
import { awsErrorName, awsFailure } from './aws-failure.ts';

/** The one place where signing keys live. Both functions throw STORE_FAILED. */
export interface KeySecret {
  /** Null when the secret is new and holds nothing yet. Throws CONFIG_INVALID when it holds something else than keys. */
  read(signal: AbortSignal): Promise<Keys | null>;
  write(keys: Keys, signal: AbortSignal): Promise<void>;
}

/** Keys in the Secrets Manager secret `secretId`, a name or an ARN. */
export function keySecret(client: SecretsManagerClient, secretId: string): KeySecret {
  return {
    read: async (abortSignal) => {
      const text = await client.send(new GetSecretValueCommand({ SecretId: secretId }), { abortSignal }).then(
        ({ SecretString }) => SecretString ?? '',
        (thrown: unknown) => {
          if (isEmpty(thrown)) return '';
          throw awsFailure('GetSecretValue', thrown);
        },
      );
      return text.trim() === '' ? null : parseKeys(text);
    },
    write: async (keys, abortSignal) => {
      const command = new PutSecretValueCommand({ SecretId: secretId, SecretString: formatKeys(keys) });
      await client.send(command, { abortSignal }).catch((thrown: unknown) => {
        throw awsFailure('PutSecretValue', thrown);
      });
    },
  };
}

// AWS says the same of a secret that is not there; writing to it then fails with the right message.
const isEmpty = (thrown: unknown): boolean => awsErrorName(thrown) === 'ResourceNotFoundException';
