import type { EncodeMeter } from '../encode/output.ts';

/** What carrying a channel costs, which its listeners in this process share. */
export interface Bill {
  /** What is to be paid; written to by the parts that cost something. */
  readonly meter: EncodeMeter;
  /** Adds to `meter` what nobody has paid yet. */
  pay(meter: EncodeMeter): void;
}

/** Nothing. */
export function createBill(): Bill {
  const due: EncodeMeter = {
    ...{ sourceBytes: 0, encoderCpuMs: 0, chunksEncoded: 0, chunksStored: 0 },
    ...{ sourceMs: 0, encodeMs: 0, storeMs: 0 },
  };
  return {
    meter: due,
    pay: (meter) => {
      for (const part of PAID) {
        meter[part] += due[part];
        due[part] = 0;
      }
    },
  };
}

const PAID = ['sourceBytes', 'encoderCpuMs', 'chunksEncoded', 'chunksStored'] as const;
