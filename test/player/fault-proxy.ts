import type http from 'node:http';
import { readEvent } from '../../player/core/stream-event.ts';
import { createBoxReader } from '../../player/core/boxes.ts';
import { emsg } from '../../src/media/emsg.ts';
import { recording, restartable } from './restartable.ts';
import type { Restartable } from './restartable.ts';

/** What goes wrong with the next leg, in the middle of its body if it has got as far as that. */
export type ProxyFault = 'cut' | 'truncate' | 'reset' | 'error' | 'hang' | 'no-headers' | '503';

export interface FaultProxy extends Restartable {
  /** The fault of the next leg; taken by it. */
  next: ProxyFault | null;
  /** Where requests go. */
  target: string;
  readonly legs: number;
  /** What a page posted to `/pcm`. */
  readonly recorded: Promise<Float32Array>;
}

/** Stands before a Baton, has pages of its own, and spoils what passes through on request. */
export async function faultProxy(target: string, files: Readonly<Record<string, string>>): Promise<FaultProxy> {
  const server = await restartable(answer);
  const posted = Promise.withResolvers<Float32Array>();
  let legs = 0;

  function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const path = request.url ?? '/';
    const file = files[path];
    if (file !== undefined) {
      response.setHeader('content-type', path.endsWith('.js') ? 'text/javascript' : 'text/html').end(file);
    } else if (path === '/pcm')
      void recording(request)
        .then(posted.resolve)
        .then(() => response.end());
    else pass(path, response).catch(() => response.destroy());
  }

  async function pass(path: string, response: http.ServerResponse): Promise<void> {
    const fault = self.next;
    self.next = null;
    legs++;
    if (fault === 'no-headers') return;
    if (fault === '503') {
      response.writeHead(503).end('{"code":"BUSY","message":"Busy."}');
      return;
    }
    const connection = new AbortController();
    response.on('close', () => connection.abort());
    const answer = await fetch(self.target + path, { signal: connection.signal });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    const boxes = createBoxReader();
    let [fragments, token] = [0, ''];
    for await (const chunk of answer.body ?? []) {
      if (!answer.ok) response.write(chunk);
      else
        for (const { type, bytes } of boxes.push(chunk)) {
          const event = type === 'emsg' ? readEvent(bytes) : null;
          if (event?.type === 'position') token = event.token;
          if (type === 'mdat' && ++fragments === 6 && fault !== null) {
            spoil(fault, bytes, token, response);
            return;
          }
          response.write(bytes);
        }
    }
    response.end();
  }

  const self: FaultProxy = {
    ...server,
    next: null,
    target,
    get legs() {
      return legs;
    },
    recorded: posted.promise,
  };
  return self;
}

/** With half a box sent, except where the server would still tell. */
function spoil(fault: ProxyFault, bytes: Uint8Array, token: string, response: http.ServerResponse): void {
  if (fault === 'error') {
    const data = { type: 'error', code: 'ENCODER_FAILED', message: 'Broken.', retryAfterSeconds: 0.5, token };
    response.write(bytes);
    response.end(emsg({ id: 9999, time: 0, data }));
    return;
  }
  response.write(bytes.subarray(0, bytes.length >> 1), () => {
    if (fault === 'cut') response.destroy();
    else if (fault === 'reset') response.socket?.resetAndDestroy();
    else if (fault === 'truncate') response.end();
  });
}
