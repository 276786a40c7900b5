import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BatonError, failureCodes, type FailureCode } from '../../src/errors.ts';
import { id3Size } from '../../src/media/id3.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { frameFacts } from '../support/mp3-forge.ts';
import { promisedFile } from '../support/promised-file.ts';
import { startOrigin } from '../support/origin.ts';

/** A virtual file as it has to be. */
export interface Right {
  readonly options: string;
  readonly source: Uint8Array;
  readonly whole: Buffer;
  /** While the length of the source is not known there is no Info frame, and no range. */
  readonly unmeasured: Buffer;
}

/** What `options` make of each of `contents`, as the Node server gives it from an origin without faults. */
export async function rightFiles(contents: readonly Uint8Array[], options: readonly string[]): Promise<Right[]> {
  const rights: Right[] = [];
  for (const source of contents) {
    await using origin = await startOrigin(source);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    for (const asked of options) {
      if ((await get(baton.file(origin.url(), asked))).status === 415) continue; // codec.copy is for MP3
      const { bytes } = await promisedFile(baton.file(origin.url(), asked));
      rights.push({ options: asked, source, whole: bytes, unmeasured: withoutInfoFrame(bytes) });
    }
  }
  return rights;
}

function withoutInfoFrame(bytes: Buffer): Buffer {
  const tagBytes = id3Size(bytes) ?? 0;
  return Buffer.concat([bytes.subarray(0, tagBytes), bytes.subarray(tagBytes + frameFacts(bytes, tagBytes).size)]);
}

/** An answer by any way. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  readonly complete: boolean;
}

/**
 * 'whole' for a complete answer that is right, 'cut' for one that is right as far as it goes and says that it broke off,
 * else the code of the error. Throws for everything that must never be.
 */
export function verdict(answer: Answered, rights: readonly Right[]): 'whole' | 'cut' | FailureCode {
  const { status, headers, bytes, complete } = answer;
  if ('x-injected' in headers) throw new Error('a header came from a title');
  if (status !== 200 && status !== 206) return errorCode(answer);
  const [, start = '0', last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(String(headers['content-range'])) ?? [];
  const isMeasured = headers['accept-ranges'] !== 'none';
  const isRight = rights.some((right) => {
    const whole = isMeasured ? right.whole : right.unmeasured;
    if (size !== undefined && Number(size) !== whole.length) return false;
    const wanted = whole.subarray(Number(start), last === undefined ? undefined : Number(last) + 1);
    return bytes.equals(complete ? wanted : wanted.subarray(0, bytes.length));
  });
  if (isRight) return complete ? 'whole' : 'cut';
  const how = complete ? 'complete' : 'cut';
  const of = rights.map(({ options, whole }) => `${options} of ${whole.length}`);
  const seen = `${status} with ${bytes.length} wrong bytes, ${how}, range ${String(headers['content-range'])}`;
  throw new Error(`${seen}, ${of.join(', ')}`);
}

function errorCode({ status, bytes, complete }: Answered): FailureCode {
  const text = bytes.toString();
  const { code } = JSON.parse(text) as { code: FailureCode };
  if (!complete || !failureCodes.includes(code) || new BatonError(code).status !== status || code === 'INTERNAL')
    throw new Error(`${status} ${complete ? '' : 'cut '}with ${text}`);
  if (/\/(work|tmp|root|home|var)\b|node_modules|\bat .*:\d+:\d+/.test(text)) throw new Error(`a leak in ${text}`);
  return code;
}

/** Chunks only: the rest is not encoded. What another lane does to the store may come between. */
export const forgetChunks = (store: string): Promise<void> =>
  rm(join(store, 'chunk'), { recursive: true, force: true }).catch(() => undefined);
