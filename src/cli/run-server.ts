import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { BatonError, toBatonError } from '../errors.ts';
import { findFfmpeg } from '../ffmpeg/binary.ts';
import { readEngine } from '../ffmpeg/engine.ts';
import { openDataFolder, type DataFolder } from '../local/data-folder.ts';
import type { Demo } from '../local/demo-api.ts';
import { demoBreaks } from '../local/demo-breaks.ts';
import { demoEpisode } from '../local/demo-episode.ts';
import { demoFilm } from '../local/demo-film.ts';
import { startDemoOrigin } from '../local/demo-origin.ts';
import { startServer, type RunningServer } from '../local/server.ts';
import type { Milliseconds } from '../units.ts';
import { localStore } from './local-store.ts';
import { withProgress, type Report } from './progress.ts';
import { settings, type Settings } from './settings.ts';
import { signingKeys } from '../local/signing-keys.ts';
import { stopSignal } from './stop-signal.ts';
import { print, say, styled } from './terminal.ts';

export interface ServeOptions extends Settings {
  readonly demo?: true;
  readonly quiet?: true;
}

/** How long the demo stays down when it is asked to restart; and so long may its responses go on. */
const RESTART_MS: Milliseconds = 500;
/** So short that hand-overs are to be seen. */
const DEMO_LEG_MS: Milliseconds = 30_000;

/** Serves until SIGINT or SIGTERM, then lets responses under way end. */
export async function runServer(options: ServeOptions): Promise<void> {
  const quiet = options.quiet === true;
  const config = settings(options);
  if (options.demo === true) requireLoopback(config.host);
  const folder = await openDataFolder(config.dataFolder);
  const keys = await signingKeys(config);
  const ffmpeg = findFfmpeg(config.ffmpegPath);
  using stopping = stopSignal();
  await using cleanup = new AsyncDisposableStack();

  const engine = await shown(quiet, 'Checking ffmpeg', () => readEngine(ffmpeg, process.arch, folder.engineFile));
  let restart = (): void => undefined;
  const demo =
    options.demo === true ? await startDemo(folder, ffmpeg, quiet, () => restart(), stopping.signal, cleanup) : null;
  if (stopping.signal.aborted) return;
  const served = demo === null ? config : forDemo(config, new URL(demo.sourceUrl).origin);
  const start = async (at: Config): Promise<RunningServer> => {
    const stores = await localStore(folder.storeFolder, at);
    return await startServer({ config: at, keys, engine, ...stores, demo, log: print, now: () => Date.now() });
  };
  let server = await start(served);
  let running: Promise<unknown> = Promise.resolve();
  cleanup.defer(async () => {
    await running;
    await server.stop();
  });
  const again: Config = { ...served, port: Number(new URL(server.origin).port) };
  restart = () => {
    running = running.then(async () => {
      await server.stop();
      await setTimeout(RESTART_MS);
      server = await start(again);
    });
  };
  const announced = folder.announceServer({ origin: server.origin, allowOrigins: served.allowOrigins });
  cleanup.defer(await announced.catch(unannounced));
  if (!quiet) say(banner(server.origin, folder.path, demo !== null));
  await stopping.requested;
  if (!quiet) say(`Stopping: responses under way have ${served.shutdownMs / 1000} seconds. Once more stops at once.`);
}

/** A full disk is no reason not to serve; only `baton link` cannot tell the address then. */
function unannounced(error: unknown): () => void {
  say(`${toBatonError(error).detail}. Links need --origin until there is room.`);
  return () => undefined;
}

const forDemo = (config: Config, origin: string): Config => ({
  ...config,
  allowOrigins: [...config.allowOrigins, origin],
  shutdownMs: RESTART_MS,
  liveLegMs: config.liveLegMs ?? DEMO_LEG_MS,
});

/** Whoever reaches the demo page gets links signed. */
function requireLoopback(host: string): void {
  if (/^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host)) return;
  throw new BatonError(
    'OPTIONS_INVALID',
    `--demo signs links for anybody, so it serves on 127.0.0.1 only, not ${host}`,
  );
}

async function startDemo(
  folder: DataFolder,
  path: string,
  quiet: boolean,
  restart: () => void,
  signal: AbortSignal,
  cleanup: AsyncDisposableStack,
): Promise<Demo | null> {
  const unlessStopped = <T>(work: Promise<T>): Promise<T | null> =>
    work.catch((thrown: unknown) => {
      if (signal.aborted) return null;
      throw thrown;
    });
  const compose = (onProgress: Report) => demoEpisode(folder.demoFolder, { path, signal, onProgress });
  const episode = await unlessStopped(shown(quiet, 'Composing the demo episode (once)', compose));
  if (episode === null) return null;
  const shoot = (onProgress: Report) => demoFilm(folder.demoFolder, { path, signal, onProgress });
  const film = await unlessStopped(shown(quiet, 'Shooting the demo film (once)', shoot));
  if (film === null) return null;
  const portFile = join(folder.demoFolder, 'port');
  const lastPort = Number(await readFile(portFile, 'utf8').catch(() => '0'));
  const origin = await startDemoOrigin(episode, Number.isInteger(lastPort) ? lastPort : 0, film);
  cleanup.defer(() => origin.close());
  // The port is part of the links: pages that are open stay good after a restart. Without it they are reloaded.
  await writeFile(portFile, String(origin.port)).catch(() => undefined);
  const breaks = demoBreaks({ failSource: (ms) => origin.fail(ms), restart });
  const { url, feedUrl, radioUrl, filmUrl } = origin;
  const served = filmUrl === null ? null : { title: film.title, url: filmUrl };
  return { episode, sourceUrl: url, feedUrl, radioUrl, film: served, breaks };
}

const shown = <T>(quiet: boolean, what: string, work: (report: Report) => Promise<T>): Promise<T> =>
  quiet ? work(() => undefined) : withProgress(what, work);

function banner(origin: string, folder: string, isDemo: boolean): string {
  const data = folder === join(process.cwd(), '.baton') ? '' : ` --data ${folder}`;
  const lines = [
    `${styled('bold', 'Baton')} is running at ${styled('cyan', `${origin}/`)}`,
    ...(isDemo ? ['  Open it in a browser: it plays a demo episode, and anything you paste.'] : []),
    `  Make a link:  npx baton link https://example.com/episode.mp3 --bitrate 96k${data}`,
    '  Stop:         Ctrl-C',
  ];
  return lines.join('\n');
}
