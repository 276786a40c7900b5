import type { LogLine } from './log-line.ts';

/** The log of one invocation. */
export interface InvocationLog {
  readonly requestId: string;
  platform(text: string): void;
  output(text: string): void;
  /** Its last 4 kB. */
  tail(): string;
}

const TAIL_BYTES = 4096;

export function invocationLog(functionName: string, requestId: string, log: (line: LogLine) => void): InvocationLog {
  let tail = Buffer.alloc(0);
  const add = (kind: LogLine['kind'], text: string): void => {
    tail = Buffer.concat([tail, Buffer.from(`${text}\n`)]).subarray(-TAIL_BYTES);
    log({ functionName, requestId, kind, text });
  };
  return {
    requestId,
    platform: (text) => add('platform', text),
    output: (text) => add('function', text),
    tail: () => tail.toString(),
  };
}
