import { randomBytes } from 'node:crypto';
import type { Environment, Service } from './environment.ts';
import { faultError, type Fault } from './fault.ts';
import type { FunctionSpec } from './function-spec.ts';
import { InvocationError } from './invocation-error.ts';
import type { InvocationLog } from './invocation-log.ts';
import type { EnvironmentPool } from './pool.ts';
import { initReportLine, reportLine } from './report.ts';
import type { Response } from './response.ts';
import { functionArn } from './variables.ts';

export interface Run {
  readonly spec: FunctionSpec;
  readonly pool: EnvironmentPool;
  readonly log: InvocationLog;
  readonly response: Response;
  readonly event: Uint8Array;
  readonly clientContext: string | undefined;
  /** A platform line that belongs to no invocation. */
  readonly platform: (text: string) => void;
}

/**
 * One invocation from its environment's initialisation to the REPORT line; whatever goes wrong fails the response, and
 * the environment goes back to the pool. As on AWS an initialisation that fails is tried once more as a part of the
 * invocation, within the function's timeout. Never throws.
 */
export async function runInvocation(run: Run, environment: Environment, isFresh: boolean): Promise<void> {
  let last = environment;
  try {
    const initFault = await environment.ready;
    if (initFault !== null) {
      run.platform(initReportLine(environment.initMs(), 'init', typeOf(initFault, run)));
      last = run.pool.replace(timeoutMs(run.spec)) ?? environment;
    }
    await runIn(last, run, { isFresh, initFault });
    last.attribute(null);
    run.pool.release(last);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    run.response.fail(new InvocationError('Sandbox.Failure', `RequestId: ${run.log.requestId} Error: ${reason}`));
    await last.end('kill'); // the pool sees it go
  }
}

/** `environment` is the first one, or with an `initFault` that one's successor, or itself when there can be none. */
async function runIn(
  environment: Environment,
  run: Run,
  { isFresh, initFault }: { readonly isFresh: boolean; readonly initFault: Fault | null },
): Promise<void> {
  const { spec, log, response } = run;
  log.platform(`START RequestId: ${log.requestId} Version: $LATEST`);
  const { fault, durationMs } =
    initFault === null ? await serve(run, environment, timeoutMs(spec)) : await retry(run, environment);
  if (fault !== null && fault.kind !== 'init') log.platform(faultText(fault, run));
  log.platform(`END RequestId: ${log.requestId}`);
  log.platform(
    reportLine({
      requestId: log.requestId,
      durationMs: fault?.kind === 'time' ? timeoutMs(spec) : durationMs,
      initMs: isFresh && initFault === null ? environment.initMs() : null,
      memoryMb: spec.memoryMb,
      maxMemoryMb: environment.maxMemoryMb(),
      streamedBytes: response.streamedBytes(),
      errorType: fault === null ? (response.failure()?.errorType ?? null) : typeOf(fault, run),
    }),
  );
}

async function retry(run: Run, environment: Environment): Promise<Service> {
  const started = performance.now();
  environment.attribute(run.log);
  const fault = await environment.ready;
  const durationMs = performance.now() - started;
  if (fault === null) {
    const service = await serve(run, environment, timeoutMs(run.spec) - durationMs);
    return { fault: service.fault, durationMs: durationMs + service.durationMs };
  }
  run.response.fail(faultError(fault, run.log.requestId, run.spec.timeoutSeconds));
  run.log.platform(initReportLine(durationMs, 'invoke', typeOf(fault, run)));
  await environment.end('kill');
  return { fault, durationMs };
}

function serve(run: Run, environment: Environment, restMs: number): Promise<Service> {
  const { spec, log, response, event } = run;
  const headers = {
    'lambda-runtime-aws-request-id': log.requestId,
    'lambda-runtime-deadline-ms': String(Math.floor(Date.now() + restMs)),
    'lambda-runtime-invoked-function-arn': functionArn(spec),
    'lambda-runtime-trace-id': traceId(),
    ...(run.clientContext === undefined ? {} : { 'lambda-runtime-client-context': asciiJson(run.clientContext) }),
  };
  environment.attribute(log);
  void response.settled.then(() => run.pool.finishing(environment));
  const errorOf = (fault: Fault): InvocationError => faultError(fault, log.requestId, spec.timeoutSeconds);
  const whyCut = async (): Promise<InvocationError> => errorOf(await environment.whyCut());
  const work = { requestId: log.requestId, event, headers, response, whyCut };
  return environment.serve(work, restMs, (fault) => response.fail(errorOf(fault)));
}

const timeoutMs = (spec: FunctionSpec): number => spec.timeoutSeconds * 1000;

const typeOf = (fault: Fault, run: Run): string =>
  faultError(fault, run.log.requestId, run.spec.timeoutSeconds).errorType;

/** What the service writes into the log about it. */
function faultText(fault: Fault, run: Run): string {
  const { message, errorType } = faultError(fault, run.log.requestId, run.spec.timeoutSeconds);
  return fault.kind === 'time' ? message : `${message}\n${errorType}`;
}

const traceId = (): string => {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  const parent = randomBytes(8).toString('hex');
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')};Parent=${parent};Sampled=0`;
};

/** Headers are Latin-1. */
const asciiJson = (json: string): string =>
  JSON.stringify(JSON.parse(json)).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
