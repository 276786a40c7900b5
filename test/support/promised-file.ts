import { get, type Answer } from './client.ts';

/** How long an index of a source may take. */
const PATIENCE_MS = 20_000;

/** The whole file at `url`, once Baton promises its size; until then a GET is answered without one. */
export async function promisedFile(url: string): Promise<Answer & { readonly promisedBytes: number }> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const head = await get(url, { method: 'HEAD' });
    const answer = await get(url);
    const promised = head.headers['content-length'];
    if (head.status === 200 && promised !== undefined) return { ...answer, promisedBytes: Number(promised) };
    if (head.status !== 200 || performance.now() > until)
      throw new Error(`no promise: ${head.status}, then ${answer.bytes.subarray(0, 300).toString()}`);
  }
}
