import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Config } from '../config.ts';
import { BatonError } from '../errors.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import { createBaton, type Baton } from '../relay/baton.ts';
import type { UsageRecord } from '../meter/usage.ts';
import type { Keys } from '../sign/keys.ts';
import type { Store } from '../store/store.ts';
import type { Milliseconds } from '../units.ts';
import { demoApp } from './demo-app.ts';
import type { Demo } from './demo-api.ts';
import { answer, SEND_IDLE_MS } from './http.ts';
import { ingestDoors, type IngestDoors } from './ingest-doors.ts';
import { listen } from './listen.ts';
import { guarded } from './guarded.ts';
import { createMetrics } from './metrics.ts';
import { bundledPlayer } from './player-bundle.ts';
import { refuse } from './raw-answer.ts';
import { notFound, routes } from './routes.ts';
import { answersUnderWay, type UnderWay } from './under-way.ts';

/** What a server is made of. */
export interface ServerOptions {
  readonly config: Config;
  readonly keys: Keys;
  readonly engine: Engine;
  readonly store: Store;
  /** The same, where its failures are thrown; `store` where it has none. */
  readonly strictStore?: Store;
  /** Serves the demo page and signs links for anybody; on loopback only. */
  readonly demo: Demo | null;
  /** Takes the usage records, and those of publishers, one JSON line each. */
  readonly log: (line: string) => void;
  readonly now: () => Milliseconds;
}

/** A server that listens. */
export interface RunningServer {
  readonly origin: string;
  /** Lets nobody in, gives responses under way until the deadline, then cuts them; resolves when all is stopped. */
  stop(): Promise<void>;
}

/** Of renditions that are played, one process each waits for the next listener. */
const PARKED = 4;

/** Starts Baton as a plain HTTP server. Throws CONFIG_INVALID when it cannot listen at the host and port given. */
export async function startServer({
  config,
  keys,
  engine,
  store,
  strictStore = store,
  demo,
  log,
  now,
}: ServerOptions): Promise<RunningServer> {
  const metrics = createMetrics();
  const onUsage = (record: UsageRecord): void => {
    metrics.count(record);
    log(JSON.stringify(record));
  };
  const baton = createBaton({ config, keys, engine, store, strictStore, parked: PARKED, now, onUsage });
  const doors = ingestDoors(baton, (record) => {
    metrics.publisher(record);
    log(JSON.stringify(record));
  });
  const stopping = new AbortController();
  const routed = routes(baton, bundledPlayer, {
    metrics: guarded(metrics.appOf(baton, doors.publishing), config.metricsToken),
    ...doors.apps,
  });
  const server = createServer({ requestTimeout: 0 }); // a stream that is published is a request that goes on for hours
  doors.divertFrom(server);
  server.setTimeout(SEND_IDLE_MS); // per connection: a timer for each response costs
  const origin = await openAt(server, config).catch(async (error: unknown) => {
    await baton.close();
    throw error;
  });
  if (demo !== null) bundledPlayer().catch(() => undefined); // its page is opened at once; whoever asks meets the fault
  const fallback = demo === null ? notFound : demoApp(demo, { keys, origin, now: () => now() / 1000 });
  const answers = answersUnderWay();
  server.on('upgrade', (incoming, peer, head) => {
    if (doors.upgrade(incoming, peer, head)) return;
    peer.on('error', () => undefined);
    refuse(peer, new BatonError('NOT_FOUND'));
  });
  server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
    const app = routed(incoming.url ?? '') ?? fallback;
    answers.add(answer(demo === null ? app : demo.breaks.around(app), incoming, response, stopping.signal));
  });
  let stopped: Promise<void> | null = null;
  return { origin, stop: () => (stopped ??= stop(server, baton, answers, stopping, doors)) };
}

/** The origin that `server` is then reached at. */
async function openAt(server: Server, { host, port }: Config): Promise<string> {
  const actual = await listen(server, host, port).catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    const advice =
      code === 'EADDRINUSE' ? `port ${port} is in use: stop the other program or choose another with --port` : code;
    throw new BatonError('CONFIG_INVALID', `cannot listen on ${host}:${port}: ${advice}`, { cause });
  });
  return `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? 'localhost' : host}:${actual}`;
}

async function stop(
  server: Server,
  baton: Baton,
  answers: UnderWay,
  stopping: AbortController,
  doors: IngestDoors,
): Promise<void> {
  baton.admission.close();
  baton.listeners.close();
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const ingestClosed = doors.close();
  const deadline = setTimeout(() => {
    stopping.abort(new Error('the server stops'));
    server.closeAllConnections();
  }, baton.config.shutdownMs);
  await ingestClosed;
  await closed;
  clearTimeout(deadline);
  await answers.none(); // a connection may be gone before its answer has tidied up
  await baton.close();
}
