/** The limits of the service. Tests shrink them. */
export interface RuntimeLimits {
  /** From the start of the process to its first request for work. */
  readonly initMs: number;
  /** An event, and a response that is not streamed. */
  readonly payloadBytes: number;
  /** A streamed response. */
  readonly streamedBytes: number;
  /** What a streamed response may send at once... */
  readonly burstBytes: number;
  /** ...and how fast that allowance grows again; Infinity: it may send as fast as it is read. */
  readonly bytesPerSecond: number;
  /** From SIGTERM to SIGKILL when an environment is ended. */
  readonly shutdownMs: number;
  /** How long an environment without work is kept. */
  readonly idleMs: number;
}

const MIB = 1024 * 1024;

/** As AWS has them; `shutdownMs` is that of a function with an extension, `idleMs` is not documented there. */
export const AWS_LIMITS: RuntimeLimits = {
  initMs: 10_000,
  payloadBytes: 6 * MIB,
  streamedBytes: 200 * MIB,
  burstBytes: 6 * MIB,
  bytesPerSecond: 2 * MIB,
  shutdownMs: 2_000,
  idleMs: 600_000,
};
