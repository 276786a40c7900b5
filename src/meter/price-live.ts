import type { Seconds } from '../units.ts';
import { brief, egress, legsBilledGb, type Estimate, type Scenario } from './price-scenario.ts';

const CHUNK_SECONDS: Seconds = 1.6;
/** Seen on the local Lambda: 35 ms, with a whole processor; functions of 512 MB have less. */
const BURST_RUN_SECONDS: Seconds = 0.05;
/** A producer stores each chunk and then the head with it, which it reads before; a claim, a lease and its end for each leg. */
const PUTS_PER_CHUNK = 2;
const PUTS_PER_LEG = 6;
const LONGEST_LEG: Seconds = 840;

/** A live channel whose listeners' own functions carry it: one of them is held and produces, the others send bursts. */
export function legsUse(scenario: Scenario): Estimate {
  const { listeners, hours, memoryMb, segmentSeconds, burstSeconds } = scenario;
  const listening = `${brief(Math.max(0, listeners - 1))} x ${brief(hours)} h`;
  const bursts = (Math.max(0, listeners - 1) * hours * 3600) / burstSeconds;
  const legs = (hours * 3600) / segmentSeconds;
  const chunks = 3600 / CHUNK_SECONDS;
  const cached = scenario.cachedShare ?? shareInMemory(scenario);
  const requests = {
    value: bursts + legs,
    how: `${listening} x 3600 / ${burstSeconds} bursts + ${brief(hours)} h x 3600 / ${segmentSeconds} legs`,
  };
  const seconds = bursts * BURST_RUN_SECONDS + hours * 3600;
  return {
    use: {
      lambdaRequests: requests,
      gbSeconds: {
        value: (seconds * memoryMb) / 1024,
        how: `(${brief(hours)} h x 3600 s + ${brief(bursts)} bursts x ${BURST_RUN_SECONDS} s) x ${memoryMb}/1024 GB`,
      },
      streamedGb: legsBilledGb(scenario, legs),
      s3Puts: {
        value: hours * chunks * PUTS_PER_CHUNK + legs * PUTS_PER_LEG,
        how: `${brief(hours)} h x 3600 / ${CHUNK_SECONDS} chunks x ${PUTS_PER_CHUNK} + ${brief(legs)} legs x ${PUTS_PER_LEG}`,
      },
      s3Gets: {
        value: hours * chunks + bursts + Math.max(0, listeners - 1) * hours * chunks * (1 - cached),
        how: `${brief(hours)} h x 3600 / ${CHUNK_SECONDS} + ${brief(bursts)} heads, and ${listening} x 3600 / ${CHUNK_SECONDS} chunks x (1 - ${brief(cached)})`,
      },
      viewerRequests: requests,
      egressGb: egress(scenario),
    },
    formula: `(3600 x GB x p_gbs + n x (${PUTS_PER_CHUNK} x p_put + p_get) + (3600/leg) x (p_req + ${PUTS_PER_LEG} x p_put))/N + (1 - 1/N) x ((3600/burst) x (p_req + t x GB x p_gbs + p_get + p_cf) + n x (1-c) x p_get) + GB_h x p_egress`,
    assumptions: [
      `chunks of ${CHUNK_SECONDS} s in one rendition, a burst of ${burstSeconds} s takes ${BURST_RUN_SECONDS * 1000} ms`,
      scenario.cachedShare === null
        ? 'each environment that sends bursts reads each chunk once and keeps it in memory'
        : `of the chunks in bursts, ${brief(cached * 100)} % are in memory`,
    ],
  };
}

/** HLS: one function makes the segments, CloudFront hands them out. */
export function hlsUse(scenario: Scenario): Estimate {
  const { listeners, hours, memoryMb, segmentSeconds } = scenario;
  const objects = (hours * 2 * 3600) / segmentSeconds;
  const how = `2 x ${hours} h x 3600 / ${segmentSeconds}`;
  return {
    use: {
      lambdaRequests: { value: (hours * 3600) / LONGEST_LEG, how: `${hours} h x 3600 / ${LONGEST_LEG}` },
      gbSeconds: { value: (hours * 3600 * memoryMb) / 1024, how: `${hours} h x 3600 s x ${memoryMb}/1024 GB` },
      streamedGb: { value: 0, how: 'segments are stored, not streamed' },
      s3Puts: { value: objects, how },
      s3Gets: { value: objects, how: `${how}, once each` },
      viewerRequests: { value: listeners * objects, how: `${listeners} x ${how}` },
      egressGb: egress(scenario),
    },
    formula: '(3600 x GB x p_gbs + 2n x (p_put + p_get))/N + 2n x p_cf + GB_h x p_egress, with n = 3600/segment',
    assumptions: [
      'a playlist is read once a segment, and a segment once',
      'each is fetched from the store once, by one edge of CloudFront',
    ],
  };
}

/** Twice as many environments as are busy on average; each reads what all its listeners hear once. */
function shareInMemory({ listeners, burstSeconds }: Scenario): number {
  const environments = Math.max(1, Math.ceil((2 * listeners * BURST_RUN_SECONDS) / burstSeconds));
  return 1 - Math.min(1, environments / listeners);
}
