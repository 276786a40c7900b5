import { BatonError, toBatonError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';

/** What CloudFormation sends to a custom resource, as far as it is read here. */
export interface StackEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  /** Presigned: whoever has it can answer. Never logged. */
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
}

/** True for an event of CloudFormation. */
export const isStackEvent = (event: unknown): event is StackEvent =>
  typeof event === 'object' && event !== null && 'ResponseURL' in event && 'RequestType' in event;

const PHYSICAL_ID = 'baton-signing-keys';
/** CloudFormation takes 4 kB in all. */
const LONGEST_REASON = 1_000;
const ATTEMPTS = 3;
const PAUSE_MS: Milliseconds = 500;
const SEND_MS: Milliseconds = 2_000;
/** What the answer may take when every attempt but the last fails. */
const ANSWER_MS: Milliseconds = ATTEMPTS * (SEND_MS + PAUSE_MS);

/**
 * Does `work` and tells CloudFormation how it went: always, also when it fails or would take more than `remainingMs`,
 * because a stack without an answer hangs for hours. A resource that is deleted leaves everything as it is. Rejects
 * only when the answer could not be sent.
 */
export async function answerStack(
  event: StackEvent,
  work: (signal: AbortSignal) => Promise<unknown>,
  remainingMs: Milliseconds,
): Promise<void> {
  const failure = event.RequestType === 'Delete' ? null : await attempt(work, remainingMs - ANSWER_MS);
  await send(event.ResponseURL, {
    Status: failure === null ? 'SUCCESS' : 'FAILED',
    ...(failure === null ? {} : { Reason: failure.slice(0, LONGEST_REASON) }),
    PhysicalResourceId: event.PhysicalResourceId ?? PHYSICAL_ID,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
  });
}

/** What went wrong, or null. */
async function attempt(
  work: (signal: AbortSignal) => Promise<unknown>,
  withinMs: Milliseconds,
): Promise<string | null> {
  const deadline = new AbortController();
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => {
    late.resolve('The function ran out of time.');
    deadline.abort();
  }, withinMs);
  const done = work(deadline.signal).then(() => null, explain);
  try {
    return await Promise.race([done, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function explain(thrown: unknown): string {
  const { code, message, detail } = toBatonError(thrown);
  return code === 'INTERNAL' || detail === '' ? message : detail;
}

async function send(url: string, answer: object): Promise<void> {
  const body = Buffer.from(JSON.stringify(answer)); // as bytes: a text would get a Content-Type, which is not in the signature
  for (let attempt = 1; ; attempt++) {
    const outcome = await put(url, body);
    if (outcome === null) return;
    if (attempt === ATTEMPTS) throw outcome;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function put(url: string, body: Uint8Array<ArrayBuffer>): Promise<BatonError | null> {
  try {
    const response = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(SEND_MS) });
    await response.body?.cancel();
    return response.ok ? null : new BatonError('STORE_FAILED', `CloudFormation took no answer: ${response.status}`);
  } catch {
    return new BatonError('STORE_FAILED', 'CloudFormation could not be answered'); // the cause would hold the address
  }
}
