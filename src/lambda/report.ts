import type { BatonError } from '../errors.ts';

/** Writes a fault that no response tells to the log of the function, as one JSON line. */
export function report({ code, message, detail }: BatonError): void {
  process.stderr.write(`${JSON.stringify({ fault: code, message, detail })}\n`);
}
