import type { Seconds } from '../units.ts';
import { billedGb, brief, egress, megabytes, STREAM_LIMITS, type Estimate, type Scenario } from './price-scenario.ts';

const CHUNK_SECONDS: Seconds = 2.4;
/** One 206 ends at whichever comes first. */
const RANGE_SECONDS: Seconds = 0.3;
const RANGE_MB = 4;
/** Seconds of audio that one virtual processor encodes in a second (bench: an hour in 52 s on two). */
const ENCODE_SPEED = 34;
const MB_PER_VCPU = 1769;

/** Virtual files, as they are deployed: players take them in bounded ranges, podcast apps in one stream. */
export function fileUse(scenario: Scenario): Estimate {
  const { listeners, hours, memoryMb, encodedShare } = scenario;
  const cached = scenario.cachedShare ?? 0;
  const speed = (ENCODE_SPEED * memoryMb) / MB_PER_VCPU;
  const perHour = scenario.isDownload ? downloads(scenario, speed) : ranges(scenario, speed);
  const total = listeners * hours;
  const missed = total * (1 - cached);
  const times = `${listeners} x ${hours} h x (1 - ${brief(cached)})`;
  const chunks = 3600 / CHUNK_SECONDS;
  return {
    use: {
      lambdaRequests: { value: missed * perHour.requests, how: `${times} x ${brief(perHour.requests)}` },
      gbSeconds: {
        value: (missed * perHour.seconds * memoryMb) / 1024,
        how: `${times} x ${brief(perHour.seconds)} s x ${memoryMb}/1024 GB`,
      },
      streamedGb: { value: missed * perHour.streamedGb, how: `${times} x ${brief(perHour.streamedGb)} GB` },
      s3Puts: {
        value: missed * encodedShare * chunks,
        how: `${times} x ${brief(encodedShare)} x 3600 / ${CHUNK_SECONDS} chunks`,
      },
      s3Gets: { value: missed * chunks, how: `${times} x 3600 / ${CHUNK_SECONDS} chunks` },
      viewerRequests: {
        value: total * perHour.requests,
        how: `${listeners} x ${hours} h x ${brief(perHour.requests)}`,
      },
      egressGb: egress(scenario),
    },
    formula:
      '(1-c) x (r x p_req + s x GB x p_gbs + GB_stream x p_stream + e x n x p_put + n x p_get) + r x p_cf + GB_h x p_egress',
    assumptions: [
      `${brief(encodedShare * 100)} % of the audio is encoded anew, at ${brief(speed)} x real time`,
      scenario.isDownload
        ? `one streamed GET an hour, sent at ${STREAM_LIMITS.mbPerSecond} MB/s after the first ${STREAM_LIMITS.unbilledMb} MB`
        : `ranges of ${RANGE_MB} MB or ${RANGE_SECONDS * 1000} ms of work, whichever ends first`,
    ],
  };
}

interface PerHour {
  readonly requests: number;
  /** Of functions running. */
  readonly seconds: Seconds;
  readonly streamedGb: number;
}

function ranges({ kbps, encodedShare }: Scenario, speed: number): PerHour {
  const stored = ((1 - encodedShare) * megabytes(kbps, 3600)) / RANGE_MB;
  const encoded = Math.max(
    (encodedShare * 3600) / (speed * RANGE_SECONDS),
    (encodedShare * megabytes(kbps, 3600)) / RANGE_MB,
  );
  return { requests: stored + encoded, seconds: (stored + encoded) * RANGE_SECONDS, streamedGb: 0 };
}

function downloads({ kbps, encodedShare }: Scenario, speed: number): PerHour {
  const mb = megabytes(kbps, 3600);
  const requests = Math.ceil(mb / STREAM_LIMITS.mb);
  const streamedGb = requests * billedGb((mb / requests) * 1e6);
  const sending = Math.max(RANGE_SECONDS, (streamedGb * 1000) / STREAM_LIMITS.mbPerSecond);
  const seconds = encodedShare * Math.max(sending, 3600 / speed) + (1 - encodedShare) * sending;
  return { requests, seconds, streamedGb };
}
