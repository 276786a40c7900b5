/** One line of a function's log. */
export interface LogLine {
  readonly functionName: string;
  /** The invocation that was running; null between invocations. */
  readonly requestId: string | null;
  /** Written by the service (START, END, REPORT, ...) or by the function. */
  readonly kind: 'platform' | 'function';
  readonly text: string;
}

/** `log`, but what it throws becomes a warning of this process, once: a log that fails must not fail what it tells of. */
export function unfailing(log: (line: LogLine) => void): (line: LogLine) => void {
  let hasWarned = false;
  return (line) => {
    try {
      log(line);
    } catch (error) {
      if (!hasWarned) process.emitWarning(`The log of the local Lambda threw: ${String(error)}`);
      hasWarned = true;
    }
  };
}
