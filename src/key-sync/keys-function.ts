import { setTimeout as pause } from 'node:timers/promises';
import { BatonError, hasCode, toBatonError, type FailureCode } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import { answerStack, isStackEvent } from './custom-resource.ts';
import { addSigningKey, removeSigningKey, syncKeys, type KeyList, type KeyPlaces } from './rotate.ts';

/** What a direct invocation is answered with. */
export type KeysAnswer =
  (KeyList & { readonly ok: true }) | { readonly ok: false; readonly code: FailureCode; readonly detail: string };

/** The part of Lambda's context that is read. */
export interface Remaining {
  getRemainingTimeInMillis(): Milliseconds;
}

/** In a new stack the rights of the function itself may take some seconds to reach every part of AWS. */
const PAUSES_MS: readonly Milliseconds[] = [1_000, 2_000, 4_000, 8_000];
/** Time to say that there is no time left. */
const MARGIN_MS: Milliseconds = 1_000;
const OUT_OF_TIME = new BatonError('STORE_FAILED', 'the function ran out of time; what it did may be incomplete: sync');

/**
 * The function that looks after the signing keys: as a custom resource of CloudFormation, and called directly with
 * `{"action":"add"}`, `{"action":"remove","kid":"..."}` or `{"action":"sync"}`. Tells ids, never secrets.
 */
export async function keysFunction(
  event: unknown,
  context: Remaining,
  places: KeyPlaces,
  pausesMs: readonly Milliseconds[] = PAUSES_MS,
): Promise<KeysAnswer | null> {
  const remainingMs = context.getRemainingTimeInMillis();
  if (isStackEvent(event)) {
    await answerStack(event, (signal) => syncPatiently(places, pausesMs, signal), remainingMs);
    return null;
  }
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(OUT_OF_TIME), remainingMs - MARGIN_MS);
  try {
    return { ok: true, ...(await act(event, places, deadline.signal)) };
  } catch (thrown) {
    const { code, detail } = toBatonError(deadline.signal.aborted ? OUT_OF_TIME : thrown);
    if (code === 'INTERNAL') throw thrown;
    return { ok: false, code, detail };
  } finally {
    clearTimeout(timer);
  }
}

async function syncPatiently(
  places: KeyPlaces,
  [pauseMs, ...pausesMs]: readonly Milliseconds[],
  signal: AbortSignal,
): Promise<KeyList> {
  try {
    return await syncKeys(places, signal);
  } catch (thrown) {
    if (pauseMs === undefined || !hasCode(thrown, 'STORE_FAILED')) throw thrown;
    await pause(pauseMs, undefined, { signal });
    return syncPatiently(places, pausesMs, signal);
  }
}

function act(event: unknown, places: KeyPlaces, signal: AbortSignal): Promise<KeyList> {
  const { action, kid } = (event ?? {}) as { readonly action?: unknown; readonly kid?: unknown };
  if (action === 'sync') return syncKeys(places, signal);
  if (action === 'add') return addSigningKey(places, signal);
  if (action === 'remove' && typeof kid === 'string') return removeSigningKey(places, kid, signal);
  const known = '{"action":"add"}, {"action":"remove","kid":"..."} and {"action":"sync"}';
  throw new BatonError('OPTIONS_INVALID', `${known} is what this function does`);
}
