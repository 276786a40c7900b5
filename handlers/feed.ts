import { lambda } from '../src/lambda/adapter.ts';
import { app as answer } from '../src/relay/app.ts';
import type { Baton } from '../src/relay/baton.ts';
import { feed } from '../src/relay/feed.ts';
import type { App } from '../src/relay/reply.ts';

/** Podcast feeds whose episodes are virtual files. */
export const app = (baton: Baton): App => answer('feed', feed, baton);

export const { handler, buffered } = lambda(app);
