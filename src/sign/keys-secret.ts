import { BatonError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import { parseKeys, type Keys } from './keys.ts';

/** Of one try; the SDK makes two. Without it the SDK would wait for ever. */
const TRY_MS: Milliseconds = 2_000;

/**
 * The signing keys in a secret of AWS Secrets Manager, by name or ARN; the text is that of `parseKeys`. Account and
 * region are those of the SDK, the region of an ARN goes first.
 * @throws CONFIG_INVALID, with no more of what AWS said than its name, for messages of AWS may repeat values
 */
export async function readKeysSecret(id: string): Promise<Keys> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager'); // large
  const region = /^arn:[^:]*:secretsmanager:([^:]+):/.exec(id)?.[1];
  const client = new SecretsManagerClient({
    ...(region === undefined ? {} : { region }),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: TRY_MS, requestTimeout: TRY_MS, throwOnRequestTimeout: true },
  });
  try {
    const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    return parseKeys(text ?? '');
  } catch (thrown) {
    if (thrown instanceof BatonError) throw thrown;
    throw new BatonError('CONFIG_INVALID', `the secret ${id} cannot be read: ${adviceFor(thrown)}`);
  } finally {
    client.destroy();
  }
}

function adviceFor(thrown: unknown): string {
  const name = thrown instanceof Error ? thrown.name : 'unknown error';
  const advice = ADVICE[name];
  return `${name}: ${advice ?? 'are the name or ARN whole, and the region (AWS_REGION) set?'}`;
}

const ADVICE: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'there is no such secret in this account and region',
  AccessDeniedException: 'these credentials may not read it',
  CredentialsProviderError: 'there are no AWS credentials here',
  ExpiredTokenException: 'the AWS credentials have expired',
  UnrecognizedClientException: 'AWS does not know these credentials',
};
