import { BatonError } from '../errors.ts';

/** The HTTP status of an answer that the SDK throws; 0 when there was none. */
export const statusOf = (thrown: unknown): number => Number(metadataOf(thrown)['httpStatusCode'] ?? 0);

/** How often the SDK had asked when it threw this. */
export const attemptsOf = (thrown: unknown): number => Number(metadataOf(thrown)['attempts'] ?? 1);

/** True when S3 names its error so. */
export const isS3Error = (thrown: unknown, name: string): boolean => thrown instanceof Error && thrown.name === name;

/** True when a body was not what its checksum says. */
export const isDamage = (thrown: unknown): boolean =>
  thrown instanceof Error && /checksum mismatch/i.test(thrown.message);

/**
 * STORE_FAILED for whatever the SDK threw. Of what S3 says it has only the error's name, and no cause: messages and
 * requests may hold key ids and signatures.
 */
export function s3Failure(what: string, thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const status = statusOf(thrown);
  const name = thrown instanceof Error && /^[A-Za-z0-9.]{1,64}$/.test(thrown.name) ? thrown.name : 'Error';
  if (status !== 0)
    return new BatonError('STORE_FAILED', `${what}: ${status} ${name}, tried ${attemptsOf(thrown)} times`);
  const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  return new BatonError('STORE_FAILED', `${what}: no answer from S3: ${`${name} ${code}`.trim()}`);
}

function metadataOf(thrown: unknown): Readonly<Record<string, unknown>> {
  const metadata = thrown instanceof Error && '$metadata' in thrown ? thrown.$metadata : null;
  return typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>) : {};
}
