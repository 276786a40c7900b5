import type { Bytes, Milliseconds, Seconds } from '../units.ts';
import { brief, megabytes, type Estimate, type Scenario } from './price-scenario.ts';

/** What data holds at most; in base64 it fills the 32 kB that API Gateway bills as one message. */
export const MOST_PAYLOAD: Bytes = 24_000;
/** What publishers and the gateway do for each message of data, and for each ping. */
export const PER_DATA = { puts: 1, gets: 1, answers: 1 } as const;
export const PER_PING = { puts: 0, gets: 3, answers: 2 } as const;
/** A write to S3, a read and an answer, one after the other. */
const RUN_MS: Milliseconds = 100;
const PING_SECONDS: Seconds = 5;
/** An acknowledgement and a state, in their frames. */
const ACK_BYTES: Bytes = 40;
const STATE_BYTES: Bytes = 80;

/**
 * A show that is published through API Gateway: each message reaches a function, which stores and acknowledges it. What
 * those cost who hear it is another scenario.
 */
export function ingestUse({ hours, kbps, memoryMb, segmentSeconds }: Scenario): Estimate {
  const parts = Math.ceil((megabytes(kbps, segmentSeconds) * 1e6) / MOST_PAYLOAD);
  const perHour = (3600 / segmentSeconds) * parts;
  const data = hours * perHour;
  const pings = (hours * 3600) / PING_SECONDS;
  const seconds = RUN_MS / 1000;
  const environments = Math.ceil((perHour / 3600) * seconds);
  // One that others take turns with reads first what they have stored, and that there is no more.
  const gets = PER_DATA.gets + (environments > 1 ? environments : 0);
  const calls = `(${brief(data)} messages + ${brief(pings)} pings)`;
  return {
    use: {
      lambdaRequests: { value: data + pings, how: `${brief(data)} messages + ${brief(pings)} pings` },
      gbSeconds: {
        value: ((data + pings) * seconds * memoryMb) / 1024,
        how: `${calls} x ${seconds} s x ${memoryMb}/1024 GB`,
      },
      streamedGb: { value: 0, how: 'nothing is streamed' },
      s3Puts: { value: data * PER_DATA.puts, how: `${brief(data)} messages x ${PER_DATA.puts}` },
      s3Gets: {
        value: data * gets + pings * PER_PING.gets,
        how: `${brief(data)} messages x ${gets} + ${brief(pings)} pings x ${PER_PING.gets}`,
      },
      viewerRequests: { value: 0, how: 'nobody listens' },
      gateway: {
        messages: {
          value: data * (1 + PER_DATA.answers) + pings * (1 + PER_PING.answers),
          how: `${brief(data)} messages x (1 + ${PER_DATA.answers}) + ${brief(pings)} pings x (1 + ${PER_PING.answers})`,
        },
        minutes: { value: hours * 60, how: `${brief(hours)} h x 60` },
      },
      egressGb: {
        value: (data * PER_DATA.answers * ACK_BYTES + pings * PER_PING.answers * STATE_BYTES) / 1e9,
        how: `(${brief(data)} x ${ACK_BYTES} + ${brief(pings)} x ${PER_PING.answers} x ${STATE_BYTES}) / 1e9`,
      },
    },
    formula: `n x (2 x p_msg + p_req + t x GB x p_gbs + p_put + g x p_get) + (3600/${PING_SECONDS}) x (3 x p_msg + p_req + t x GB x p_gbs + 3 x p_get) + 60 x p_min + GB_h x p_egress`,
    assumptions: [
      `a message holds ${brief(segmentSeconds)} s${parts > 1 ? `, cut into ${parts} as it is more than ${MOST_PAYLOAD / 1000} kB` : ''}, and takes ${RUN_MS} ms`,
      environments > 1
        ? `messages come evenly, and ${environments} environments take turns`
        : 'messages come evenly and in order, and one environment takes all of them',
    ],
  };
}
