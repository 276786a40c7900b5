import { constants } from 'node:os';
import type { Milliseconds } from '../units.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** npm and the launcher pass on what the terminal sends to everybody anyway: one Ctrl-C may arrive twice. */
const ECHO: Milliseconds = 500;

/** The wish to stop, once somebody has it. */
export interface StopSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Resolves when the first signal comes. */
  readonly requested: Promise<void>;
}

/** Turns the first SIGINT or SIGTERM into a wish to stop; a second one ends the process at once. Disposing unhooks it. */
export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const requested = Promise.withResolvers<undefined>();
  let firstAt: number | null = null;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      controller.abort(new Error(`stopped by ${signal}`));
      requested.resolve(undefined);
    } else if (now - firstAt > ECHO) {
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    requested: requested.promise,
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
