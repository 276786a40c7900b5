/** One line of a function's log. */
export interface LogLine {
  readonly functionName: string;
  /** The invocation that was running; null between invocations. */
  readonly requestId: string | null;
  /** Written by the service (START, END, REPORT, ...) or by the function. */
  readonly kind: 'platform' | 'function';
  readonly text: string;
}
