import { app as answer } from '../src/relay/app.ts';
import type { Baton } from '../src/relay/baton.ts';
import { embed } from '../src/relay/embed.ts';
import type { App } from '../src/relay/reply.ts';

/** A page that holds the player and nothing else, for iframes. */
export const app = (baton: Baton): App => answer('embed', embed, baton);
