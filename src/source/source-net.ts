import type { S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../config.ts';
import { createNet, type Net } from '../net/open.ts';
import { s3Source, type S3Source } from '../net/s3-source.ts';

/**
 * The way out to sources: public addresses, and the origins and buckets that the configuration allows besides. `shows` are
 * recordings of what was published here.
 */
export function sourceNet({ allowOrigins, sourceBuckets, s3Endpoint }: Config, shows?: Pick<S3Source, 'ask'>): Net {
  const client = async (): Promise<S3Client> => {
    const { s3Client, s3SourceLimits } = await import('../store/s3-client.ts'); // large
    return s3Client({ endpoint: s3Endpoint, region: null, limits: s3SourceLimits });
  };
  return createNet({ allowOrigins, shows, s3: s3Source({ allowed: sourceBuckets, client }) });
}
