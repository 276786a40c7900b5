import type { ServerResponse } from 'node:http';

/** Writes `body` at the client's pace and ends the response. False when the client left; throws what the body throws. */
export async function sendBody(response: ServerResponse, body: AsyncIterable<Uint8Array>): Promise<boolean> {
  for await (const bytes of body) {
    if (!(await sendBytes(response, bytes))) return false;
  }
  response.end();
  return true;
}

/** Writes `bytes` and waits until the client takes more. False when the client left. */
export async function sendBytes(response: ServerResponse, bytes: Uint8Array): Promise<boolean> {
  if (response.destroyed) return false;
  if (bytes.length > 0 && !response.write(bytes)) await drainedOrGone(response);
  return !response.destroyed;
}

/** Answers with a JSON object and the headers given. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify(value));
  const length = { 'content-type': 'application/json', 'content-length': String(body.length) };
  response.writeHead(status, { ...length, ...headers }).end(body);
}

/** What was written still goes out; then the connection ends without the end of the body. */
export function cut(response: ServerResponse): void {
  if (response.headersSent && response.socket !== null) response.socket.destroySoon();
  else response.destroy();
}

function drainedOrGone(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
    if (response.destroyed) done();
  });
}
