/** A response that has begun. */
export interface Invocation {
  readonly requestId: string;
  /** What the function's response said: the http-integration-response type for a prelude, application/json for a value. */
  readonly contentType: string;
  readonly isStreamed: boolean;
  /**
   * The payload as the function writes it, prelude included; a streamed one flows no faster than the limits allow, and
   * the reader's pace holds the function back. A reader who leaves does not stop the function: the rest is drained at
   * the same pace and thrown away. Throws InvocationError when the function fails midway. To be read once.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The last 4 kB of this invocation's log, once it is over (`LogResult` of `X-Amz-Log-Type: Tail`). */
  logTail(): Promise<string>;
}

export interface InvokeOptions {
  /** False: the body is complete, and at most `payloadBytes`, when `invoke` resolves. */
  readonly streaming: boolean;
  /** The JSON text of the caller's client context. */
  readonly clientContext?: string;
  /** A UUID that the event tells the function, for one (default: a new one). */
  readonly requestId?: string;
}
