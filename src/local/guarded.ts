import { createHash, timingSafeEqual } from 'node:crypto';
import { BatonError } from '../errors.ts';
import { errorReply } from '../relay/app.ts';
import type { App } from '../relay/reply.ts';

/** `app` for those who send `token` (`Authorization: Bearer …`); for all others there is nothing at its address. */
export function guarded(app: App, token: string | null): App {
  return (request) => {
    const given = /^Bearer (.+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
    const isLetIn = token !== null && given !== undefined && isSame(given, token);
    return isLetIn ? app(request) : Promise.resolve(errorReply(new BatonError('NOT_FOUND')));
  };
}

const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
