import { dirname } from 'node:path';
import type { FunctionSpec } from './function-spec.ts';

/** What differs between environments of one function. */
export interface EnvironmentFacts {
  readonly node: string;
  readonly runtimeApi: string;
  readonly logStream: string;
  readonly temporaryFolder: string;
}

const ACCOUNT = '000000000000';

/**
 * The variables a function sees: as on AWS, and nothing of this process's own. As there, some may be set by the
 * function's configuration (TZ, LANG, PATH) and the others may not; beyond that a configuration may set the region and
 * credentials, which on AWS come from the service.
 */
export function functionVariables(spec: FunctionSpec, facts: EnvironmentFacts): Record<string, string> {
  const hasCredentials = 'AWS_ACCESS_KEY_ID' in spec.environment;
  return {
    ...(hasCredentials
      ? {}
      : { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_SESSION_TOKEN: 'local' }),
    AWS_REGION: regionOf(spec),
    AWS_DEFAULT_REGION: regionOf(spec),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: `${dirname(facts.node)}:/usr/local/bin:/usr/bin:/bin:/opt/bin`,
    ...spec.environment,
    _HANDLER: spec.handler,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'local-lambda',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: facts.logStream,
    AWS_LAMBDA_RUNTIME_API: facts.runtimeApi,
    LAMBDA_TASK_ROOT: spec.taskRoot,
    TMPDIR: facts.temporaryFolder,
  };
}

/** The ARN that callers and the function know it by. */
export const functionArn = (spec: FunctionSpec): string =>
  `arn:aws:lambda:${regionOf(spec)}:${ACCOUNT}:function:${spec.name}`;

const regionOf = (spec: FunctionSpec): string => spec.environment['AWS_REGION'] ?? 'us-east-1';
