import type { LocalFunction } from '../runtime/function.ts';
import { InvocationError } from '../runtime/invocation-error.ts';

/** How the function of a route answered. */
export interface Answered {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Why there is no answer, in the words that the client gets. */
export interface Failed {
  readonly status: 429 | 502 | 504;
  readonly message: string;
  /** For the log. */
  readonly detail: string;
}

/** Calls the function of a route with an event; what it cannot answer within `mostMs` has failed. Never throws. */
export async function integrate(target: LocalFunction, event: object, mostMs: number): Promise<Answered | Failed> {
  const late = Promise.withResolvers<Failed>();
  const timer = setTimeout(
    () => late.resolve({ status: 504, message: 'Endpoint request timed out', detail: `no answer in ${mostMs} ms` }),
    mostMs,
  );
  try {
    return await Promise.race([answered(target, event), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function answered(target: LocalFunction, event: object): Promise<Answered | Failed> {
  try {
    const { body } = await target.invoke(Buffer.from(JSON.stringify(event)), { streaming: false });
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    return parsed(Buffer.concat(parts).toString());
  } catch (error) {
    const isBusy = error instanceof InvocationError && error.errorType === 'TooManyRequestsException';
    const detail = error instanceof Error ? error.message : String(error);
    return { status: isBusy ? 429 : 502, message: 'Internal server error', detail };
  }
}

function parsed(text: string): Answered | Failed {
  const value = text === '' ? null : (JSON.parse(text) as unknown);
  const fields = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const { statusCode, headers, body } = fields;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599)
    return {
      status: 502,
      message: 'Internal server error',
      detail: `no statusCode in the answer: ${text.slice(0, 200)}`,
    };
  return { status, headers: lowerCase(headers), body: typeof body === 'string' ? body : null };
}

function lowerCase(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}
