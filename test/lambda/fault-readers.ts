import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answered } from './fault-world.ts';

/** How an answer is read. */
export type Manner = 'at once' | 'slowly' | 'for a while';

/**
 * One request to a function URL. 'slowly' takes small pieces with pauses between them; 'for a while' leaves after
 * `leaveAfter` bytes, and what came by then is an answer that was cut.
 */
export async function read(
  url: string,
  { manner = 'at once', range, leaveAfter = 0 }: { manner?: Manner; range?: string; leaveAfter?: number } = {},
): Promise<Answered> {
  const asked = request(url, { agent: false, ...(range === undefined ? {} : { headers: { range } }) });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  asked.on('error', () => undefined); // after the head a failure shows as an incomplete body
  const parts: Buffer[] = [];
  let size = 0;
  const take = async (): Promise<void> => {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (manner === 'slowly') await sleep(10);
      if (manner === 'for a while' && size >= leaveAfter) return;
    }
  };
  await take().catch(() => undefined);
  asked.destroy();
  const { statusCode: status = 0, headers, complete } = response;
  return { status, headers, bytes: Buffer.concat(parts), complete };
}
