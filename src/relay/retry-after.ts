import type { BatonError, FailureCode } from '../errors.ts';
import type { Seconds } from '../units.ts';

const RETRY_AFTER: Partial<Record<FailureCode, Seconds>> = {
  BUSY: 2,
  OFF_AIR: 10,
  SHOW_UNFINISHED: 30,
  STOPPING: 1,
  RESPONSE_LIMIT: 1,
  SOURCE_CHANGED: 1,
  SOURCE_GONE: 10,
  SOURCE_UNMEASURED: 1,
};

/** When it is worth asking again, where Baton knows that. */
export const retryAfterSeconds = ({ code }: BatonError): Seconds | undefined => RETRY_AFTER[code];
