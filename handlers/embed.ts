import { lambda } from '../src/lambda/adapter.ts';
import { packagedPlayer } from '../src/lambda/packaged-player.ts';
import { app as answer } from '../src/relay/app.ts';
import type { Baton } from '../src/relay/baton.ts';
import { embed } from '../src/relay/embed.ts';
import type { App } from '../src/relay/reply.ts';
import { app as player } from './player.ts';

/** A page that holds the player and nothing else, for iframes. */
export const app = (baton: Baton): App => answer('embed', embed, baton);

/** As a function it brings the player along. */
export const { handler, buffered } = lambda((baton, { packageFolder }) => {
  const pages = app(baton);
  const scripts = player(() => Promise.resolve(packagedPlayer(packageFolder)));
  return (request) => (request.path.startsWith('/player/') ? scripts(request) : pages(request));
});
