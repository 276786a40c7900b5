/** An invocation that failed: in the function, in its runtime, or because the service refused it. */
export class InvocationError extends Error {
  override readonly name = 'InvocationError';
  /** Of the service ('Runtime.ExitError', 'Sandbox.Timedout', 'TooManyRequestsException', ...) or the function's own. */
  readonly errorType: string;
  /** JSON text with errorType, errorMessage and, from a function, trace. */
  readonly details: string;
  /** The invocation that failed; null where none was begun. */
  requestId: string | null = null;
  /** The last 4 kB of its log, once it is over. */
  logTail: () => Promise<string> = () => Promise.resolve('');

  constructor(errorType: string, message: string, details = JSON.stringify({ errorType, errorMessage: message })) {
    super(message);
    this.errorType = errorType;
    this.details = details;
  }
}

/** What a runtime posts when a function fails, or before it: the JSON text `{errorType, errorMessage, trace}`. */
export function functionError(body: string, errorType: string | undefined): InvocationError {
  const { errorType: ownType, errorMessage } = fields(body);
  const type = ownType ?? errorType ?? 'Function.Unknown';
  return new InvocationError(type, errorMessage ?? type, body === '' ? undefined : body);
}

function fields(body: string): { errorType?: string | undefined; errorMessage?: string | undefined } {
  try {
    const value = JSON.parse(body) as unknown;
    if (typeof value !== 'object' || value === null) return {};
    const { errorType, errorMessage } = value as Record<'errorType' | 'errorMessage', unknown>;
    return { errorType: text(errorType), errorMessage: text(errorMessage) };
  } catch {
    return {};
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
