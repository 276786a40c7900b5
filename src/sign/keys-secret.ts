import { BatonError } from '../errors.ts';
import { parseKeys, type Keys } from './keys.ts';

/**
 * The signing keys in a secret of AWS Secrets Manager, by name or ARN; the text is that of `parseKeys`. Account and
 * region are those of the SDK, the region of an ARN goes first.
 * @throws CONFIG_INVALID, never with a secret in its detail
 */
export async function readKeysSecret(id: string): Promise<Keys> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager'); // large
  const region = /^arn:[^:]*:secretsmanager:([^:]+):/.exec(id)?.[1];
  const client = new SecretsManagerClient(region === undefined ? {} : { region });
  try {
    const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    return parseKeys(text ?? '');
  } catch (thrown) {
    if (thrown instanceof BatonError) throw thrown;
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'unknown';
    throw new BatonError('CONFIG_INVALID', `the secret ${id} cannot be read: ${reason}`);
  } finally {
    client.destroy();
  }
}
