import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { bodyLength, sourceBody } from './body.ts';
import { sourceFailure } from './failure.ts';
import { follow, type Answer, type Ask, type Reach } from './follow.ts';
import { guardedAgent, type GuardOptions } from './guard.ts';
import type { PaceLimits } from './pace.ts';
import type { S3Source } from './s3-source.ts';

/** How long and how much of a source is put up with. */
export interface NetLimits extends PaceLimits {
  readonly connectMs: Milliseconds;
  /** From the call of `open` to the head of the last answer: name, connection, redirects and all. */
  readonly headersMs: Milliseconds;
  readonly maxHeaderBytes: Bytes;
}

/** What differs from the defaults. */
export interface NetOptions extends GuardOptions {
  readonly limits?: Partial<NetLimits>;
  /** Answers for `s3:` addresses, which are refused without it. Closed with the net. */
  readonly s3?: S3Source;
  /** Likewise for `ingest:` addresses: recordings of what was published here. */
  readonly shows?: Pick<S3Source, 'ask'> | undefined;
  readonly userAgent?: string;
}

/** What to ask for, and until when. */
export interface OpenOptions extends Ask {
  /** Governs the body too. */
  readonly signal: AbortSignal;
  /** What the pace of this body may be, where it differs from that of the net. */
  readonly pace?: Partial<PaceLimits>;
}

/** A source that has answered. */
export interface Opened {
  /** The address that answered, after redirects. */
  readonly url: string;
  readonly status: number;
  /** Lower-case names, no prototype; repeated fields are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be read once, or closed: until then it holds a connection. Errors: see `sourceBody`. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops the answer without reading it. May be called at any time, and again. */
  close(): void;
}

/** The way out to sources. */
export interface Net {
  /**
   * Opens a source address and gives the head of its answer, whatever its status. Redirects are followed, at most 5;
   * credentials stay behind when the origin changes.
   * @throws SOURCE_URL_INVALID, SOURCE_REFUSED, SOURCE_UNREACHABLE (name, connection, TLS), SOURCE_TIMEOUT (no head in
   * time), SOURCE_CUT (reset), SOURCE_FAILED (protocol, too many redirects), SOURCE_ENCODED; the reason of the signal
   */
  open(url: string, options: OpenOptions): Promise<Opened>;
  /** Destroys all connections; bodies under way fail. */
  close(): Promise<void>;
}

const DEFAULT_LIMITS: NetLimits = {
  connectMs: 5_000,
  headersMs: 10_000,
  idleMs: 15_000,
  // 3.3 kbit/s: below any audio stream in use, far above any drip.
  minBytesPerWindow: 4_096,
  windowMs: 10_000,
  maxHeaderBytes: 16_384,
};

/**
 * The one way to the internet: every source is opened through the guard of guard.ts.
 * @throws CONFIG_INVALID for a bad `allowOrigins`
 */
export function createNet(options: NetOptions = {}): Net {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { connectMs, maxHeaderBytes } = limits;
  const agent = guardedAgent({ ...options, connectMs, maxHeaderBytes });
  const reach: Reach = { agent, guard: options, userAgent: options.userAgent ?? 'Baton' };
  const { s3, shows } = options;
  const answerOf: AnswerOf = (url, ask, signal) => {
    if (url.protocol === 's3:' && s3 !== undefined) return s3.ask(url, ask, signal);
    if (url.protocol === 'ingest:' && shows !== undefined) return shows.ask(url, ask, signal);
    return follow(url, ask, reach, signal);
  };
  return {
    open: (url, ask) => open(url, ask, answerOf, limits),
    close: async () => {
      await Promise.all([agent.destroy(), s3?.close()]);
    },
  };
}

type AnswerOf = (url: URL, ask: Ask, signal: AbortSignal) => Promise<Answer>;

async function open(address: string, ask: OpenOptions, answerOf: AnswerOf, limits: NetLimits): Promise<Opened> {
  const life = lifeUnder(ask.signal);
  const late = () => life.stop(new BatonError('SOURCE_TIMEOUT', `no head within ${limits.headersMs} ms`));
  const timer = setTimeout(late, limits.headersMs);
  try {
    const answer = await answerOf(parseUrl(address), ask, life.signal);
    answer.incoming.once('close', life.end);
    refuseEncoded(answer);
    const { url, status, headers, incoming } = answer;
    const bodiless = ask.method === 'HEAD' || status === 204 || status === 304;
    const length = bodiless ? null : bodyLength(status, headers);
    const body = sourceBody(incoming, length, { ...limits, ...ask.pace }, ask.signal);
    if (bodiless) body.close();
    return { url: url.href, status, headers, body: body.bytes, close: () => body.close() };
  } catch (thrown) {
    life.end();
    ask.signal.throwIfAborted();
    throw sourceFailure(thrown);
  } finally {
    clearTimeout(timer);
  }
}

/** One controller per opened source, so that the caller's signal carries one listener, and none after the end. */
function lifeUnder(signal: AbortSignal): { signal: AbortSignal; stop: (why: Error) => void; end: () => void } {
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    stop: (why) => controller.abort(why),
    end: () => signal.removeEventListener('abort', onAbort),
  };
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new BatonError('SOURCE_URL_INVALID');
  const url = new URL(text);
  url.hash = '';
  return url;
}

// Bodies are relayed as bytes and never inflated, so a coded one is of no use, and may be a bomb. That of an error is
// not read.
function refuseEncoded({ status, headers, incoming }: Answer): void {
  if (status < 200 || status > 299) return;
  const codings = `${headers['content-encoding'] ?? ''},${headers['transfer-encoding'] ?? ''}`;
  const coding = codings
    .toLowerCase()
    .split(/[, \t]+/)
    .find((name) => !PLAIN.has(name));
  if (coding === undefined) return;
  incoming.destroy();
  throw new BatonError('SOURCE_ENCODED', coding);
}

const PLAIN: ReadonlySet<string> = new Set(['', 'identity', 'chunked']);
