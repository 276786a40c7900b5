import { BatonError } from '../src/errors.ts';
import { errorReply } from '../src/relay/app.ts';
import type { App } from '../src/relay/reply.ts';

/** The scripts of the player, by path. */
export const app =
  (scripts: () => Promise<ReadonlyMap<string, Uint8Array>>): App =>
  async (request) => {
    const body = (await scripts()).get(request.path.split('?', 1)[0] ?? '');
    if (body === undefined) return errorReply(new BatonError('NOT_FOUND'));
    const headers = {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
    };
    return { status: 200, headers: { ...headers, 'content-length': String(body.length) }, body };
  };
