import { BatonError, toBatonError } from '../errors.ts';
import { errorReply } from '../relay/app.ts';
import { createBaton, type Baton } from '../relay/baton.ts';
import type { App, Reply, ResponseLimits } from '../relay/reply.ts';
import type { StoreCalls } from '../store/counted.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { deadline, SPARE_BYTES, type Deadline } from './deadline.ts';
import { functionUrlEvent, toRequest, type FunctionUrlEvent } from './event.ts';
import { awslambda, type LambdaContext, type StreamingHandler } from './runtime.ts';
import { buffer, stream, type BufferedReply } from './send.ts';
import { lastingSetup, type Setup } from './setup.ts';
import { report } from './report.ts';
import { usageLog } from './usage-log.ts';

/** The two forms in which one app is deployed. */
export interface Handlers {
  /** For RESPONSE_STREAM function URLs and InvokeWithResponseStream. */
  readonly handler: StreamingHandler<unknown>;
  /** For BUFFERED function URLs and Invoke. */
  readonly buffered: (event: unknown, context: LambdaContext) => Promise<BufferedReply>;
}

/** An app over what one invocation has. */
export type AppOf = (baton: Baton, setup: Setup) => App;

/**
 * Handlers for `appOf`. What they use lives as long as one invocation and is stopped before it ends, down to the last
 * child process and write: an environment is frozen in between, and what it had begun would go on in the next one. Only
 * the setup (configuration, keys, store, engine) stays; it begins while the environment starts.
 */
export function lambda(appOf: AppOf): Handlers {
  const setup = lastingSetup();
  if (awslambda !== undefined) setup().catch(() => undefined); // an invocation that meets the fault tells it
  let isCold = true;

  async function answer(
    event: FunctionUrlEvent,
    context: LambdaContext,
    { payloadBytes, limits, send, settle }: Platform,
  ): Promise<void> {
    const usage = usageLog(context, isCold);
    isCold = false;
    using until = deadline({ remainingMs: context.getRemainingTimeInMillis(), payloadBytes });
    const ready = await setup(event.rawPath).catch(toBatonError);
    if (ready instanceof BatonError) {
      report(ready);
      await send(errorReply(ready), until);
      return;
    }
    const before = { ...ready.storeCalls };
    const baton = createBaton({ ...ready, parked: 0, now: Date.now, onUsage: (record) => usage.record(record) });
    try {
      const { signal, closing } = until;
      const request = toRequest(event, { signal, closing, limits: limits(ready) });
      await send(await appOf(baton, ready)(request), until);
      await settle(baton, until.closing); // a body that failed must be told at once
    } finally {
      await baton.close();
      usage.write(until.sentBytes(), since(before, ready.storeCalls));
    }
  }

  const handler: StreamingHandler<unknown> = (event, raw, context) =>
    answer(functionUrlEvent(event), context, { ...STREAMED, send: (reply, until) => stream(reply, raw, until) });

  const buffered = async (event: unknown, context: LambdaContext): Promise<BufferedReply> => {
    const whole = Promise.withResolvers<BufferedReply>();
    await answer(functionUrlEvent(event), context, {
      ...BUFFERED,
      send: async (reply) => whole.resolve(await buffer(reply)),
    });
    return await whole.promise;
  };

  return { handler: awslambda?.streamifyResponse(handler) ?? handler, buffered };
}

const since = (before: StoreCalls, after: StoreCalls): StoreCalls => ({
  reads: after.reads - before.reads,
  writes: after.writes - before.writes,
});

/** What differs between the two forms. */
interface Platform {
  readonly payloadBytes: Bytes;
  readonly limits: (setup: Setup) => ResponseLimits;
  readonly send: (reply: Reply, until: Deadline) => Promise<void>;
  /** What was begun for later and is worth waiting for. */
  readonly settle: (baton: Baton, closing: AbortSignal) => Promise<unknown>;
}

const STREAMED_BYTES: Bytes = 200 * 2 ** 20;

const STREAMED = {
  payloadBytes: STREAMED_BYTES,
  limits: ({ config }: Setup): ResponseLimits => ({
    wholeBytes: STREAMED_BYTES - SPARE_BYTES,
    partBytes: config.partBytes,
    collectMs: null,
    isBilledByTime: true,
    takesBroadcasts: false,
  }),
  settle: ({ sources, feeds }: Baton, closing: AbortSignal) =>
    Promise.all([sources.downloaded(closing), sources.scanned(closing), feeds.looked(closing)]), // the listener has got everything by now
};

const BUFFERED = {
  payloadBytes: 6 * 2 ** 20,
  limits: ({ config }: Setup): ResponseLimits => ({
    ...config,
    wholeBytes: config.partBytes,
    isBilledByTime: true,
    takesBroadcasts: false,
  }),
  settle: waitBriefly,
};

const DOWNLOAD_MS: Milliseconds = 3_000;

/**
 * The listener waits, too. An index that is not complete is kept as far as it goes; a download would have to begin
 * again, so that a short one is worth the wait.
 */
async function waitBriefly({ sources }: Baton, closing: AbortSignal): Promise<void> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), DOWNLOAD_MS);
  try {
    await sources.downloaded(AbortSignal.any([closing, enough.signal]));
  } finally {
    clearTimeout(timer);
  }
}
