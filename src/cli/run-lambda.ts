import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { BatonError } from '../errors.ts';
import { findFfmpeg } from '../ffmpeg/binary.ts';
import { openDataFolder, type DataFolder } from '../local/data-folder.ts';
import { demoEpisode } from '../local/demo-episode.ts';
import { startDemoOrigin } from '../local/demo-origin.ts';
import { newLink } from '../local/new-link.ts';
import { fromServerless, type ServerlessSetup } from '../local-lambda/from-serverless.ts';
import { installRuntime, type RuntimeBinary } from '../local-lambda/runtime/install-runtime.ts';
import { startLocalLambda, type LocalLambda, type LocalPorts } from '../local-lambda/local-lambda.ts';
import { watchFolder } from '../local-lambda/watch.ts';
import { architecture } from '../package/architecture.ts';
import { build } from '../package/build.ts';
import { formatKeys, type Keys } from '../sign/keys.ts';
import { banner } from './lambda-banner.ts';
import { readable } from './lambda-log.ts';
import { needsBuild, packedFor } from './needs-build.ts';
import { withProgress } from './progress.ts';
import { settings } from './settings.ts';
import { stopSignal } from './stop-signal.ts';
import { print, say } from './terminal.ts';

export interface LambdaOptions {
  readonly source?: string;
  readonly port?: string;
  readonly maxEnvironments?: number;
  /** MB per second. */
  readonly throttle?: number;
  readonly watch?: true;
  readonly yml?: string;
  readonly param?: Readonly<Record<string, string>>;
  readonly cloudfront: boolean;
  readonly data?: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OWN_YML = join(ROOT, 'serverless.yml');
const DIST = join(ROOT, 'dist');
const MIB = 2 ** 20;
const PORT = '8090';

/** Runs the functions of a serverless.yml until SIGINT or SIGTERM. */
export async function runLambda(options: LambdaOptions): Promise<void> {
  const file = resolve(options.yml ?? OWN_YML);
  const isOwn = file === OWN_YML;
  const config = settings({ ...(options.data !== undefined && { data: options.data }) });
  const folder = await openDataFolder(config.dataFolder);
  const keys = await folder.readKeys();
  if (isOwn && options.source !== undefined) linkTo(options.source, keys); // one that is no address is refused at once
  using stopping = stopSignal();
  const isStopped = (): boolean => stopping.signal.aborted;
  await using cleanup = new AsyncDisposableStack();

  if (isOwn) await buildIfNeeded();
  if (isStopped()) return;
  const runtime = await prepareRuntime(stopping.signal);
  if (runtime === null) return;
  const source = isOwn ? (options.source ?? (await startDemo(folder, config, stopping.signal, cleanup))) : null;
  if (isStopped()) return;
  const params = { ...(isOwn && { arch: process.arch }), ...options.param };
  const environment = isOwn ? ownEnvironment(folder, keys, config, source, options) : {};
  const keyValues = Object.fromEntries(
    [...keys.byId].map(([kid, key]) => [kid, Buffer.from(key).toString('base64url')]),
  );
  const setup = await fromServerless({ file, params, environment, keyValues, ...most(options) }).catch(refused);
  if (isStopped()) return;
  const local = await start(setup, options, isOwn, runtime);
  cleanup.defer(() => local.stop());
  const watched = isOwn ? DIST : dirname(file);
  if (options.watch === true) cleanup.defer(watchAndRefresh(watched, local));
  const link = source === null ? null : linkTo(source, keys);
  const unresolved = isOwn ? [] : setup.unresolved; // of its own, everything that is needed here was given
  say(banner({ local, setup: { ...setup, unresolved }, link, watched: options.watch === true ? watched : null }));
  await stopping.requested;
  say('Stopping.');
}

const linkTo = (url: string, keys: Keys) => newLink({ url, rendition: { codec: 'mp3', bitrate: '96k' } }, keys);

/** What the local Lambda says is for people already. */
const refused = (cause: unknown): never => {
  throw new BatonError('CONFIG_INVALID', cause instanceof Error ? cause.message : String(cause), { cause });
};

const most = ({ maxEnvironments }: LambdaOptions) => (maxEnvironments === undefined ? {} : { maxEnvironments });

async function buildIfNeeded(): Promise<void> {
  const arch = architecture(process.arch);
  if (!(await needsBuild(ROOT, arch))) return;
  const before = await packedFor(ROOT);
  await withProgress('Building the functions', () => build({ arch }));
  if (before !== null && before !== arch)
    say(
      `dist/ held the functions for ${before}, and now those for ${arch}. Before you deploy: npm run build -- --arch ${before}`,
    );
}

/** Null when the wish to stop came first. */
async function prepareRuntime(signal: AbortSignal): Promise<RuntimeBinary | null> {
  try {
    return await withProgress("Preparing AWS's runtime client", () => installRuntime(say, signal));
  } catch (thrown) {
    return signal.aborted ? null : refused(thrown);
  }
}

async function startDemo(
  folder: DataFolder,
  config: Config,
  signal: AbortSignal,
  cleanup: AsyncDisposableStack,
): Promise<string | null> {
  const path = findFfmpeg(config.ffmpegPath);
  const episode = await withProgress('Composing the demo episode (once)', (onProgress) =>
    demoEpisode(folder.demoFolder, { path, signal, onProgress }),
  ).catch((thrown: unknown) => {
    if (signal.aborted) return null;
    throw thrown;
  });
  if (episode === null) return null;
  const origin = await startDemoOrigin(episode);
  cleanup.defer(() => origin.close());
  return origin.url;
}

/** What the stack would give the functions, out of the data folder. */
function ownEnvironment(
  folder: DataFolder,
  keys: Keys,
  { allowOrigins }: Config,
  source: string | null,
  { cloudfront: isFronted, port }: LambdaOptions,
): Record<string, string> {
  const demo = source !== null && new URL(source).hostname === '127.0.0.1' ? [new URL(source).origin] : [];
  return {
    BATON_STORE: resolve(folder.storeFolder),
    BATON_KEYS: formatKeys(keys).trim(),
    BATON_TRUST_EDGE: isFronted ? '1' : '',
    BATON_PUBLIC_ORIGIN: isFronted && port !== '0' ? `http://127.0.0.1:${port ?? PORT}` : '', // the edge says https
    BATON_ALLOW_ORIGINS: [...allowOrigins, ...demo].join(','),
  };
}

async function start(
  { functions, cloudFront, webSocket }: ServerlessSetup,
  { throttle, cloudfront, port }: LambdaOptions,
  isOwn: boolean,
  runtime: RuntimeBinary,
): Promise<LocalLambda> {
  const isFronted = cloudfront && cloudFront !== null;
  const routed = Object.values(webSocket?.routes ?? {});
  const served = functions
    .filter(({ name, url }) => !isOwn || url !== null || routed.includes(name)) // what manages keys needs AWS, and here the data folder has them
    .map((spec) => ({ ...spec, ...(isFronted ? {} : { urlAuth: 'NONE' as const }) }));
  return startLocalLambda({
    functions: served,
    runtime,
    ...(isFronted && { cloudFront }),
    ...(webSocket !== null && { webSocket }),
    ...(throttle !== undefined && { limits: { bytesPerSecond: throttle === 0 ? Infinity : throttle * MIB } }),
    ports: portsFrom(
      Number(port ?? PORT),
      served.map(({ name }) => name),
    ),
    log: (line) => {
      const text = readable(line);
      if (text !== null) print(text);
    },
  }).catch(refused);
}

function portsFrom(base: number, names: readonly string[]): LocalPorts {
  if (base === 0) return {};
  const urls = Object.fromEntries(names.map((name, index) => [name, base + 2 + index]));
  return { cloudFront: base, invoke: base + 1, urls, webSocket: base + 2 + names.length };
}

function watchAndRefresh(folder: string, local: LocalLambda): () => void {
  const watching = watchFolder(folder, () => {
    for (const each of local.functions.values()) each.refresh();
    local.invalidate();
    say('Rebuilt: new requests get the new code, and the cache is empty.');
  });
  return () => watching.stop();
}
