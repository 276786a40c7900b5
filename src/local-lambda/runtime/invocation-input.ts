import { InvocationError } from './invocation-error.ts';

/**
 * The event as the runtime gets it: JSON text, `{}` where there is none.
 * Throws InvocationError: RequestTooLargeException, InvalidRequestContentException.
 */
export function checkedEvent(event: Uint8Array, limitBytes: number): Uint8Array {
  if (event.length > limitBytes) {
    throw new InvocationError(
      'RequestTooLargeException',
      `Request must be smaller than ${limitBytes} bytes for the InvokeFunction operation`,
    );
  }
  if (event.length === 0) return new TextEncoder().encode('{}');
  const text = Buffer.from(event.buffer, event.byteOffset, event.length).toString();
  if (!isJson(text)) throw invalid('Could not parse request body into json');
  return event;
}

/** The client context as given. Throws InvocationError: InvalidRequestContentException. */
export function checkedContext(context: string | undefined): string | undefined {
  if (context !== undefined && !isJson(context))
    throw invalid('Client context must be a valid Base64-encoded JSON object.');
  return context;
}

/** Whether `text` can be parsed. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const invalid = (message: string): InvocationError => new InvocationError('InvalidRequestContentException', message);
