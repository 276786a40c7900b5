import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { readConfig } from '../config.ts';
import { BatonError } from '../errors.ts';
import { findFfmpeg } from '../ffmpeg/binary.ts';
import { readEngine } from '../ffmpeg/engine.ts';
import { createBaton } from '../relay/baton.ts';
import { publisherToken } from '../sign/publisher-token.ts';
import { unlimited, type App, type Reply } from '../relay/reply.ts';
import { openStores } from '../store/open-store.ts';
import { openDataFolder } from './data-folder.ts';
import { answer } from './http.ts';
import { ingestDoors } from './ingest-doors.ts';
import { newLink, type LinkAsk, type NewLink } from './new-link.ts';
import { playerScripts } from './player-scripts.ts';
import { notFound, routes } from './routes.ts';
import { isMetadataUpdate } from './source-apps.ts';
import { signingKeys } from './signing-keys.ts';
import { answersUnderWay } from './under-way.ts';

/** What Baton needs inside another server. */
export interface MountOptions {
  /** Settings under the names of the README, such as `{ BATON_DATA: '/var/lib/baton' }`. Default: all defaults. */
  readonly settings?: Readonly<Record<string, string | undefined>>;
  /** Path that it is mounted at and that requests still carry, such as `/media`. Default: none. */
  readonly basePath?: string;
  /** Hears of each response when it is over. */
  readonly onUsage?: (record: object) => void;
  /** Hears of publishers who go on air, leave, or are refused. */
  readonly onPublisher?: (record: object) => void;
  /** Hears of a store that fails; listeners are served all the same. */
  readonly onFault?: (error: Error) => void;
}

/** Baton inside another server. */
export interface MountedBaton {
  /** For node:http, Express, Connect and Fastify: answers what is Baton's, and leaves the rest to `next`, else 404. */
  readonly node: (incoming: IncomingMessage, response: ServerResponse, next?: () => void) => void;
  /** For servers that speak the Fetch API, such as Hono. */
  readonly fetch: (request: globalThis.Request) => Promise<Response>;
  /**
   * For the server's `upgrade`: takes publishers at `/ingest` below the base path, over WebSockets. False: the request is
   * not Baton's, and nothing has been done about it.
   */
  readonly upgrade: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  /**
   * Lets source clients of Icecast publish at `/ingest/<channel>` below the base path. To be called before `server`
   * listens; without it only those can that send a length, or chunks.
   */
  readonly takeSources: (server: Server) => void;
  /** A token that lets whoever has it publish on a channel; Unix time in seconds. */
  readonly publisherToken: (publisher: { readonly channel: string; readonly expiresAt: number }) => string;
  /** Paths of a rendition of a source, with the base path in front. */
  readonly link: (ask: LinkAsk) => NewLink;
  /** Ends the responses under way, and stops what runs for them. */
  close(): Promise<void>;
}

const PARKED = 4;

/**
 * Baton for an existing server: the same apps, engine and store as `baton serve`, without its port.
 * @throws BatonError with code CONFIG_INVALID or ENCODER_MISSING
 */
export async function mountBaton(options: MountOptions = {}): Promise<MountedBaton> {
  const { settings = {}, basePath = '', onUsage = noOne, onPublisher = noOne, onFault = noOne } = options;
  if (basePath !== '' && !/^(?:\/[A-Za-z0-9._~-]+)+$/.test(basePath))
    throw new BatonError('CONFIG_INVALID', `basePath must be like /media, not "${basePath}"`);
  const config = readConfig(settings);
  const folder = await openDataFolder(config.dataFolder);
  const keys = await signingKeys(config);
  const engine = await readEngine(findFfmpeg(config.ffmpegPath), process.arch, folder.engineFile);
  const stores = await openStores({ config, folder: folder.storeFolder, onFault, now: Date.now });
  const baton = createBaton({ config, keys, engine, ...stores, parked: PARKED, now: Date.now, onUsage });
  let scripts: ReturnType<typeof playerScripts> | null = null;
  const doors = ingestDoors(baton, onPublisher, basePath);
  const routed = routes(baton, () => (scripts ??= playerScripts()));
  const stopping = new AbortController();
  const answers = answersUnderWay();

  const below = (app: App): App => {
    return (request) => app({ ...request, path: request.path.slice(basePath.length) });
  };
  const appOf = (method: string, target: string): App | null => {
    if (method === 'PUT' && target.startsWith(`${basePath}/ingest/`)) return below(doors.apps.ingest);
    if (isMetadataUpdate(target, basePath)) return doors.apps.admin;
    const isInside = basePath === '' || target.startsWith(`${basePath}/`);
    const app = isInside ? routed(target.slice(basePath.length)) : null;
    return app && below(app);
  };

  return {
    node: (incoming, response, next) => {
      const app = appOf(incoming.method ?? 'GET', incoming.url ?? '');
      if (app === null && next !== undefined) {
        next();
        return;
      }
      answers.add(answer(app ?? notFound, incoming, response, stopping.signal));
    },
    fetch: (request) => answerFetch(appOf(request.method, targetOf(request)) ?? notFound, request, stopping.signal),
    upgrade: (incoming, socket, head) => doors.upgrade(incoming, socket, head),
    takeSources: (server) => doors.divertFrom(server),
    publisherToken: (publisher) => publisherToken(publisher, keys, Date.now() / 1000),
    link: (ask) => {
      const { file, framed, embed, options: rendition } = newLink(ask, keys);
      const mounted = (path: string): string => basePath + path;
      return { file: mounted(file), framed: framed && mounted(framed), embed: mounted(embed), options: rendition };
    },
    close: async () => {
      baton.admission.close();
      baton.listeners.close();
      await doors.close();
      stopping.abort(new BatonError('STOPPING'));
      await answers.none();
      await baton.close();
    },
  };
}

const noOne = (): void => undefined;

/** The path and query of a request as they stand in its address. */
const targetOf = ({ url }: globalThis.Request): string => url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');

async function answerFetch(app: App, request: globalThis.Request, stopping: AbortSignal): Promise<Response> {
  const gone = new AbortController();
  request.signal.addEventListener('abort', () => gone.abort(new BatonError('CLIENT_GONE')), { once: true });
  const { status, headers, body } = await app({
    method: request.method,
    path: targetOf(request),
    headers: { host: new URL(request.url).host, ...Object.fromEntries(request.headers) },
    body: request.body ?? none(),
    signal: AbortSignal.any([gone.signal, stopping]),
    closing: NEVER,
    limits: unlimited,
  });
  return new Response(request.method === 'HEAD' ? null : toBody(body), { status, headers });
}

const NEVER = new AbortController().signal;

async function* none(): AsyncGenerator<Uint8Array> {
  // a request without a body
}

/** Cancelling the stream returns the iterator, which stops what is behind it. */
function toBody(body: Reply['body']): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null {
  if (body === null || body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer> | null;
  const pieces = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const result = await pieces.next();
        if (result.done === true) controller.close();
        else controller.enqueue(result.value);
      },
      cancel: async () => {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
