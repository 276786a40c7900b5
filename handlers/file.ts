import { lambda } from '../src/lambda/adapter.ts';
import { app as answer } from '../src/relay/app.ts';
import type { Baton } from '../src/relay/baton.ts';
import { file } from '../src/relay/file.ts';
import type { App } from '../src/relay/reply.ts';

/** Virtual files: any episode in another rendition, exact to the byte. */
export const app = (baton: Baton): App => answer('file', file, baton);

export const { handler, buffered } = lambda(app);
