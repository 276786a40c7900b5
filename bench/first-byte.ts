import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { id3Size } from '../src/media/id3.ts';
import { readMp3Header } from '../src/media/mp3.ts';

/** Milliseconds from the request to the first byte at or after `skip` of the body; the response is dropped then. */
export async function firstByteMs(url: string, options: { skip?: number; range?: string } = {}): Promise<number> {
  const startedAt = performance.now();
  const sent = request(url, {
    agent: false,
    headers: options.range === undefined ? {} : { range: options.range },
  }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if ((response.statusCode ?? 500) >= 400) throw new Error(`${response.statusCode ?? 0} from ${url}`);
  let received = 0;
  for await (const bytes of response) {
    received += (bytes as Uint8Array).length;
    if (received > (options.skip ?? 0)) break;
  }
  const ms = performance.now() - startedAt;
  sent.destroy();
  return ms;
}

/** Milliseconds from starting a shell command to the first byte it prints; it is stopped then. */
export async function commandMs(command: string): Promise<number> {
  const startedAt = performance.now();
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  await once(child.stdout, 'data');
  const ms = performance.now() - startedAt;
  const closed = once(child, 'close');
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await closed;
  return ms;
}

/** Bytes in front of the first audio frame: ID3 tag and Info frame. */
export async function headBytes(url: string): Promise<number> {
  const response = await fetch(url, { headers: { range: 'bytes=0-65535' } });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const tag = id3Size(bytes) ?? 0;
  return tag + (readMp3Header(bytes, tag)?.frameBytes ?? 0);
}
