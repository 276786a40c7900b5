/** What the service writes when an invocation is over. */
export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  /** Null where the environment was already there, or was initialised within the invocation. */
  readonly initMs: number | null;
  readonly memoryMb: number;
  readonly maxMemoryMb: number;
  readonly streamedBytes: number;
  /** Null where the function ended well. */
  readonly errorType: string | null;
}

/** The REPORT line. The initialisation is billed, and the sum is rounded up to the millisecond. */
export function reportLine(report: Report): string {
  const { requestId, durationMs, initMs, errorType } = report;
  return [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms`,
    `Memory Size: ${report.memoryMb} MB`,
    `Max Memory Used: ${report.maxMemoryMb} MB`,
    ...(initMs === null ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
    `Streamed: ${report.streamedBytes} bytes`,
    ...(errorType === 'Sandbox.Timedout' ? ['Status: timeout'] : []),
    ...(errorType === null || errorType === 'Sandbox.Timedout' ? [] : ['Status: error', `Error Type: ${errorType}`]),
  ].join('\t');
}

/** The INIT_REPORT line of an initialisation that failed. */
export function initReportLine(durationMs: number, phase: 'init' | 'invoke', errorType: string): string {
  const status = errorType === 'Sandbox.Timedout' ? ['Status: timeout'] : ['Status: error', `Error Type: ${errorType}`];
  return [`INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms`, `Phase: ${phase}`, ...status].join('\t');
}
