import { app as embedApp } from '../../handlers/embed.ts';
import { app as feedApp } from '../../handlers/feed.ts';
import { app as fileApp } from '../../handlers/file.ts';
import { app as hlsApp } from '../../handlers/hls.ts';
import { app as liveApp } from '../../handlers/live.ts';
import { app as playerApp } from '../../handlers/player.ts';
import { app as rawApp } from '../../handlers/raw.ts';
import { BatonError } from '../errors.ts';
import { errorReply } from '../relay/app.ts';
import type { Baton } from '../relay/baton.ts';
import type { App, Reply } from '../relay/reply.ts';

/** Finds the app for a request target by its first segment. */
export type Routes = (target: string) => App | null;

/** Everything a server of Baton answers; `scripts` gives those of the player by their path, `more` what this server has besides. */
export function routes(
  baton: Baton,
  scripts: () => Promise<ReadonlyMap<string, Uint8Array>>,
  more: Readonly<Record<string, App>> = {},
): Routes {
  const apps = new Map<string, App>([
    ['file', fileApp(baton)],
    ['embed', embedApp(baton)],
    ['live', liveApp(baton)],
    ['hls', hlsApp(baton)],
    ['feed', feedApp(baton)],
    ['raw', rawApp(baton)],
    ['player', playerApp(scripts)],
    ['healthz', healthApp(baton)],
    ...Object.entries(more),
  ]);
  return (target) => apps.get(/^\/([a-z]+)(?:[/?]|$)/.exec(target)?.[1] ?? '') ?? null;
}

export const notFound: App = () => Promise.resolve(errorReply(new BatonError('NOT_FOUND')));

function healthApp({ admission, engine }: Baton): App {
  return () => {
    const isOpen = !admission.isClosed();
    const state = { status: isOpen ? 'ok' : 'stopping', responses: admission.count(), engine: engine.id };
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    return Promise.resolve<Reply>({
      status: isOpen ? 200 : 503,
      headers,
      body: Buffer.from(`${JSON.stringify(state)}\n`),
    });
  };
}
