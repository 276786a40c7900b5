import { readFile } from 'node:fs/promises';
import { publicLink } from '../../src/sign/link.ts';
import type { UsageRecord } from '../../src/meter/usage.ts';
import { testKeys } from '../support/baton.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { ffmpegProcesses } from '../support/leaks.ts';
import type { Program } from '../support/radio-program.ts';
import { startRadio, type Radio, type RadioOptions } from '../support/radio.ts';
import { S3_CREDENTIALS, startS3Server, type S3Server } from '../support/s3-server.ts';

/** A station, S3, and Baton on the local Lambda between them and its listeners. */
export interface LambdaChannel extends AsyncDisposable {
  readonly radio: Radio;
  readonly s3: S3Server;
  readonly baton: LambdaBaton;
  /** Address of the channel. */
  link(options: string, name: string): string;
  /** Usage records of responses that are over. */
  records(): readonly UsageRecord[];
  /** Process ids of the environments that encode just now. */
  producers(): Promise<readonly number[]>;
}

/** As it is deployed, but for `environment`. */
export async function channelOnLambda(
  program: Program,
  environment: Readonly<Record<string, string>> = {},
  { timeoutSeconds = 900, ...options }: RadioOptions & { readonly timeoutSeconds?: number } = {},
): Promise<LambdaChannel> {
  await using stack = new AsyncDisposableStack();
  const radio = stack.use(await startRadio(program, options));
  const s3 = stack.use(await startS3Server());
  const onS3 = {
    BATON_STORE: `s3://${s3.bucket}/store`,
    BATON_S3_ENDPOINT: s3.endpoint,
    AWS_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
    BATON_MEMORY_MB: '16',
  };
  const live = { memoryMb: 512, timeoutSeconds };
  const setup = { allowOrigins: [radio.origin], environment: { ...onS3, ...environment }, live };
  const baton = stack.use(await startOnLambda(setup, testKeys(), 'function-url'));
  const { origin } = new URL(baton.lambda.functionUrls.get('live') ?? '');
  const everything = stack.move();
  return {
    ...{ radio, s3, baton },
    link: (asked, name) => origin + publicLink({ kind: 'live', options: asked, source: radio.url(), name }, baton.keys),
    records: () => baton.usage.filter(({ kind }) => kind === 'live'),
    producers: async () => {
      const parents = await Promise.all((await ffmpegProcesses()).map(parentOf));
      return [...new Set(parents.filter((pid) => pid > 1))];
    },
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

/** 0 of a process that has ended meanwhile. */
const parentOf = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
};
