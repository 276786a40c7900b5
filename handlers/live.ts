import { lambda } from '../src/lambda/adapter.ts';
import { app as answer } from '../src/relay/app.ts';
import type { Baton } from '../src/relay/baton.ts';
import { live } from '../src/relay/live.ts';
import type { App } from '../src/relay/reply.ts';

/** Radio, carried by the functions of its listeners. */
export const app = (baton: Baton): App => answer('live', live, baton);

export const { handler, buffered } = lambda(app);
