/** A message until the server has it for good. */
export interface Waiting {
  readonly number: number;
  readonly payload: Uint8Array;
}

/** What was made and is not acknowledged, in order. */
export interface ResendQueue {
  /** Takes a payload in, and gives it its number. */
  push(payload: Uint8Array): void;
  /** Forgets what stands before `number`: it is in the server's store. */
  drop(number: number): void;
  /** The message of this number, if it is still kept. */
  at(number: number): Waiting | null;
  /** The lowest number that is kept, or the next one to come. */
  first(): number;
  /** The number of the message that comes next. */
  next(): number;
  /** Of what is kept. */
  bytes(): number;
  /** All that is kept. */
  payloads(): readonly Uint8Array[];
}

/** Empty, at number 0. */
export function createResendQueue(): ResendQueue {
  let kept: Uint8Array[] = [];
  let first = 0;
  let bytes = 0;

  return {
    push(payload) {
      kept.push(payload);
      bytes += payload.length;
    },
    drop(number) {
      const gone = kept.slice(0, Math.max(0, number - first));
      kept = kept.slice(gone.length);
      first += gone.length;
      bytes -= gone.reduce((sum, { length }) => sum + length, 0);
    },
    at(number) {
      const payload = kept[number - first];
      return payload === undefined ? null : { number, payload };
    },
    first: () => first,
    next: () => first + kept.length,
    bytes: () => bytes,
    payloads: () => kept,
  };
}
