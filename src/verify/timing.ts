import type { Milliseconds } from '../units.ts';
import { fail, note, notApplicable, ok, type Check } from './check.ts';

const PROBE_BYTES = 65_536;
const SPOTS = [0.15, 0.35, 0.55, 0.75, 0.9];

export const cold: Check = {
  id: 'cold',
  title: 'First byte, cold',
  about: 'both',
  run: async (site) => {
    const { firstByteMs, status, headers } = await site.ask({ range: `0-${PROBE_BYTES - 1}`, leaveAfter: PROBE_BYTES });
    if (status >= 400) return note(`${status} after ${whole(firstByteMs)}`);
    const seen = `${whole(firstByteMs)}${isHit(headers) ? ', from the cache of CloudFront' : ''}`;
    if (firstByteMs <= site.limits.coldMs) return isHit(headers) ? note(seen) : ok(seen);
    return fail(
      seen,
      'A new function environment takes 10 s at most: look at Init Duration in its REPORT line, at its memory (3538 MB), and at how slow the source is.',
    );
  },
};

export const warm: Check = {
  id: 'warm',
  title: 'First byte, warm',
  about: 'file',
  run: async (site) => {
    const size = await site.size();
    if (size === null) return notApplicable('no answer states the length (see HEAD)');
    const waits: Milliseconds[] = [];
    for (const spot of SPOTS) {
      const at = Math.floor(size * spot);
      waits.push((await site.ask({ range: `${at}-${Math.min(size, at + PROBE_BYTES) - 1}` })).firstByteMs);
    }
    const median = waits.sort((a, b) => a - b)[Math.floor(waits.length / 2)] ?? NaN;
    const seen = `median of ${waits.length}: ${whole(median)} (${whole(waits[0] ?? NaN)} to ${whole(waits.at(-1) ?? NaN)})`;
    if (median <= site.limits.warmMs) return ok(seen);
    return fail(
      seen,
      'Every seek waits so long. Functions may be starting anew for each request, the store may be slow or in another region, or ranges too large (BATON_RANGE_MS).',
    );
  },
};

/** Too short to be told from a fast network. */
const QUICK: Milliseconds = 150;
const LEAST_SPREAD = 0.2;

export const progressive: Check = {
  id: 'progressive',
  title: 'Bytes come as they are made',
  about: 'file',
  run: async (site) => {
    const { tenthMs, endMs, status } = await site.whole();
    if (status !== 200) return notApplicable(`the GET of the whole gave ${status}`);
    // How long anything takes from here, however little it is.
    const away = (await site.ask({ range: '0-1', leaveAfter: 2 })).firstByteMs;
    const seen = `a tenth after ${whole(tenthMs)}, all after ${whole(endMs)}`;
    if (endMs - away < QUICK) return notApplicable(`${seen}: too quick to tell`);
    if (endMs - tenthMs >= LEAST_SPREAD * (endMs - away)) return ok(seen);
    return fail(
      seen,
      'The response is collected before it is sent: a GET without Range must go to the function URL with InvokeMode RESPONSE_STREAM, and no proxy in front may buffer.',
    );
  },
};

const isHit = (headers: Readonly<Record<string, string>>): boolean => /^hit/i.test(headers['x-cache'] ?? '');

const whole = (ms: Milliseconds): string => `${Math.round(ms)} ms`;
