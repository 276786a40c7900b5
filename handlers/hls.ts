import { lambda } from '../src/lambda/adapter.ts';
import { app as answer } from '../src/relay/app.ts';
import type { Baton } from '../src/relay/baton.ts';
import { hls } from '../src/relay/hls.ts';
import type { App } from '../src/relay/reply.ts';

/** HLS: playlists and segments of any episode, made just in time. */
export const app = (baton: Baton): App => answer('hls', hls, baton);

export const { handler, buffered } = lambda(app);
