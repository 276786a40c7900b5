import { caching, edgeCache } from './caching.ts';
import { fail, notApplicable, type Check, type Seen } from './check.ts';
import { createClient } from './client.ts';
import { crossOrigin, preflight } from './cross-origin.ts';
import { events } from './events.ts';
import { leaks } from './leaks.ts';
import { head, whole } from './length.ts';
import { beyond, firstTwo, open, seek, suffix } from './ranges.ts';
import { altered, expired, forged, inside, method, options, unknown } from './refusals.ts';
import { chain, resume } from './resume.ts';
import { createSite, type Limits, type Site, type SiteOptions } from './site.ts';
import { cold, progressive, warm } from './timing.ts';
import { ifRange, notModified, stable } from './validators.ts';
import type { Milliseconds } from '../units.ts';

/** One line of the table. */
export type Result = Pick<Check, 'id' | 'title'> & Seen & { readonly ms: Milliseconds };

/** How to go about it. */
export interface VerifyOptions extends Omit<SiteOptions, 'limits'> {
  readonly limits?: Partial<Limits>;
  /** The longest wait for a head, and for each part of a body. */
  readonly waitMs?: Milliseconds;
  /** After this the checks that are left are not made. */
  readonly totalMs?: Milliseconds;
  /** Only the checks with these ids. */
  readonly only?: readonly string[];
  /** Called before each check with its title and how many of all are done, 0 to 1. */
  readonly onCheck?: (title: string, done: number) => void;
}

/** In this order: the first request shall meet a deployment that nobody has woken. */
export const CHECKS: readonly Check[] = [
  ...[cold, head, whole, progressive, firstTwo, suffix, open, seek, beyond, stable, notModified, ifRange],
  ...[resume, chain, warm, events, forged, altered, expired, unknown, options, inside, method],
  ...[preflight, crossOrigin, caching, edgeCache, leaks],
];

const LIMITS: Limits = { maxBytes: 64e6, coldMs: 10_000, warmMs: 2_000, indexMs: 30_000 };

/** Checks a deployment through one link; every wait has an end. Never throws for what the deployment does. */
export async function verify(options: VerifyOptions): Promise<readonly Result[]> {
  const { waitMs = 30_000, totalMs = 900_000, only, onCheck } = options;
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(new Error('the time for all checks is up')), totalMs);
  const client = createClient(waitMs, timeUp.signal);
  try {
    const site = createSite({ ...options, limits: { ...LIMITS, ...options.limits } }, client);
    const checks = CHECKS.filter(({ id }) => only?.includes(id) ?? true);
    const results: Result[] = [];
    for (const [index, check] of checks.entries()) {
      onCheck?.(check.title, index / checks.length);
      results.push(await made(check, site, isUnreachable(results)));
    }
    return results;
  } finally {
    clearTimeout(timer);
    await client.close();
  }
}

const NO_ANSWER = 'no answer: ';

/** When not even the first request had an answer, there is nothing to learn from thirty more. */
const isUnreachable = (results: readonly Result[]): boolean => results[0]?.seen.startsWith(NO_ANSWER) === true;

async function made(check: Check, site: Site, isPointless: boolean): Promise<Result> {
  const { id, title, about } = check;
  const began = performance.now();
  const seen = await seenBy();
  return { id, title, ...seen, ms: Math.round(performance.now() - began) };

  async function seenBy(): Promise<Seen> {
    if (isPointless) return notApplicable('not asked: the first request had no answer');
    if (about !== 'both' && (about === 'framed') !== site.isFramed)
      return notApplicable(site.isFramed ? 'a framed stream has no ranges' : 'for framed streams (.mp4) only');
    try {
      return await check.run(site);
    } catch (thrown) {
      return fail(
        `${NO_ANSWER}${reasonOf(thrown)}`,
        'Is the address right, is it deployed, and does it answer within the time allowed (--timeout)?',
      );
    }
  }
}

/** The code of a failed connection says more than its message. */
function reasonOf(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return typeof code === 'string' && !message.includes(code) ? `${message} (${code})` : message;
}
