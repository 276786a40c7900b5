import { orAbort } from '../or-abort.ts';

interface Flight<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * `run`, at most once at a time per key: who asks while it runs gets the same result. It is aborted when everybody who
 * asked has left. `detail` is that of the first.
 */
export function sharing<T, D>(
  run: (key: string, signal: AbortSignal, detail: D) => Promise<T>,
): (key: string, signal: AbortSignal, detail: D) => Promise<T> {
  const flights = new Map<string, Flight<T>>();

  function start(key: string, detail: D): Flight<T> {
    const stop = new AbortController();
    const result = run(key, stop.signal, detail).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    result.catch(() => undefined); // who asked may have left before it fails
    const flight = { result, stop, waiting: 0 };
    flights.set(key, flight);
    return flight;
  }

  return async (key, signal, detail) => {
    signal.throwIfAborted();
    const flight = flights.get(key) ?? start(key, detail);
    flight.waiting++;
    try {
      return await orAbort(flight.result, signal);
    } finally {
      if (--flight.waiting === 0 && signal.aborted) {
        flights.delete(key);
        flight.stop.abort(signal.reason);
      }
    }
  };
}
