import { join } from 'node:path';
import { startLocalLambda, type LocalLambda, type LocalLambdaOptions } from '../../src/local-lambda/local-lambda.ts';
import type { LogLine } from '../../src/local-lambda/runtime/log-line.ts';

export interface Web extends AsyncDisposable {
  readonly local: LocalLambda;
  readonly lines: readonly LogLine[];
  /** Address of a function URL, with a path. */
  url(name: string, path?: string): string;
}

/** Starts the functions of `fixtures/service/web.mjs` in the real runtime client. */
export async function startWeb(
  options: Partial<LocalLambdaOptions> & { readonly auth?: 'AWS_IAM'; readonly maxEnvironments?: number } = {},
): Promise<Web> {
  const { auth, maxEnvironments = 4, ...others } = options;
  const lines: LogLine[] = [];
  const common = {
    taskRoot: join(import.meta.dirname, 'fixtures/service'),
    ...{ memoryMb: 256, timeoutSeconds: 10, environment: {}, maxEnvironments },
    ...(auth && { urlAuth: auth }),
  };
  const local = await startLocalLambda({
    functions: [
      { ...common, name: 'streamed', handler: 'web.streamed', url: 'RESPONSE_STREAM' },
      { ...common, name: 'buffered', handler: 'web.buffered', url: 'BUFFERED' },
      { ...common, name: 'streamed-buffered', handler: 'web.streamed', url: 'BUFFERED' },
    ],
    log: (line) => lines.push(line),
    ...others,
  });
  return {
    local,
    lines,
    url: (name, path = '/') => (local.functionUrls.get(name) ?? '').replace(/\/$/, '') + path,
    [Symbol.asyncDispose]: () => local.stop(),
  };
}
