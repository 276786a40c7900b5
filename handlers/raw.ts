import { lambda } from '../src/lambda/adapter.ts';
import { app as answer } from '../src/relay/app.ts';
import type { Baton } from '../src/relay/baton.ts';
import { raw } from '../src/relay/raw.ts';
import type { App } from '../src/relay/reply.ts';

/** Any file as it is, however large: documents, archives, pictures, films. */
export const app = (baton: Baton): App => answer('raw', raw, baton);

export const { handler, buffered } = lambda(app);
