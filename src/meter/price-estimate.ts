import { BatonError } from '../errors.ts';
import { fileUse } from './price-file.ts';
import { ingestUse } from './price-ingest.ts';
import { hlsUse, legsUse } from './price-live.ts';
import { egress, legsBilledGb, megabytes, STREAM_LIMITS, type Estimate, type Scenario } from './price-scenario.ts';

/** What `scenario` uses up on Lambda. @throws OPTIONS_INVALID for what no function could send */
export function estimate(scenario: Scenario): Estimate {
  const { mode } = scenario;
  if (mode === 'file') return fileUse(scenario);
  if (mode === 'hls') return hlsUse(scenario);
  if (mode === 'ingest') return ingestUse(scenario);
  checkLeg(scenario);
  return mode === 'private' ? privateUse(scenario) : legsUse(scenario);
}

/** One ffmpeg for each listener, held open in real time: what Baton exists to avoid. */
function privateUse(scenario: Scenario): Estimate {
  const { listeners, hours, memoryMb, segmentSeconds } = scenario;
  const listening = `${listeners} x ${hours} h`;
  const seconds = listeners * hours * 3600;
  const requests = { value: seconds / segmentSeconds, how: `${listening} x 3600 / ${segmentSeconds}` };
  return {
    use: {
      lambdaRequests: requests,
      gbSeconds: { value: (seconds * memoryMb) / 1024, how: `${listening} x 3600 s x ${memoryMb}/1024 GB` },
      streamedGb: legsBilledGb(scenario, requests.value),
      s3Puts: { value: 0, how: 'nothing is stored' },
      s3Gets: { value: 0, how: 'nothing is stored' },
      viewerRequests: requests,
      egressGb: egress(scenario),
    },
    formula:
      '3600 x GB x p_gbs + (3600/leg) x p_req + max(0, MB_leg - 6) x (3600/leg)/1000 x p_stream + (3600/leg) x p_cf + GB_h x p_egress',
    assumptions: ['a function runs for each listener as long as they listen'],
  };
}

/** @throws OPTIONS_INVALID */
function checkLeg({ kbps, segmentSeconds }: Scenario): void {
  const { mb, seconds } = STREAM_LIMITS;
  const most = Math.min(seconds, Math.floor(mb / megabytes(kbps, 1)));
  if (segmentSeconds <= most) return;
  const limits = `a response carries ${mb} MB and lasts ${seconds} s at most`;
  throw new BatonError('OPTIONS_INVALID', `${limits}: at ${kbps} kbit/s --segment is at most ${most}`);
}
