import { parseContentRange } from '../net/range.ts';
import type { ByteRange, Bytes } from '../units.ts';
import type { Answer } from './client.ts';
import { fail, type Seen } from './check.ts';

/** What a streaming function URL makes of Content-Length. */
export const RENAMED_LENGTH = 'x-amzn-remapped-content-length';

const WHOLE_FOR_RANGE =
  'Range does not get through, so players cannot seek. CloudFront hands out the entire object when its origin answers in chunks: the CloudFront Function must send HEAD and Range to the BUFFERED function URL.';
const DAMAGED =
  'Bytes of a range differ from the whole: caches and resumed downloads would be damaged. Two deployments with different engines may be answering.';

/**
 * What is wrong with a 206 for `asked` of a file of `size` bytes whose beginning is `known`, or null. It may be shorter
 * than asked: Baton bounds what one function sends, and says so in Content-Range.
 */
export function partFault(answer: Answer, asked: ByteRange, size: Bytes, known: Uint8Array): Seen | null {
  const { status, headers, bytes } = answer;
  if (status === 200) return fail('200 with the whole instead of 206', WHOLE_FOR_RANGE);
  if (status !== 206) return fail(`${status} instead of 206`, 'Players cannot seek. The log of the function says why.');
  const stated = parseContentRange(headers['content-range']);
  if (stated === null)
    return fail(
      `Content-Range: ${headers['content-range'] ?? 'missing'}`,
      'A 206 must say what part it is: something in front drops or rewrites it.',
    );
  const { range } = stated;
  const isWithin = range.start === asked.start && range.end <= asked.end && stated.size === size;
  if (!isWithin)
    return fail(
      `${headers['content-range'] ?? ''} for ${asked.start}-${asked.end - 1} of ${size}`,
      'The answer is to another question: a cache in front leaves Range out of its key.',
    );
  const wanted = range.end - range.start;
  if (answer.broke !== null || bytes.length !== wanted)
    return fail(
      `${bytes.length} bytes of the ${wanted} that Content-Range states`,
      'The body was cut: the function failed or its answer was too large (6 MB when buffered).',
    );
  const length = headers['content-length'] ?? renamedLength(headers);
  if (length !== String(wanted))
    return fail(`Content-Length: ${length ?? 'missing'} on a part of ${wanted} bytes`, WHOLE_FOR_RANGE);
  const comparable = Math.max(0, Math.min(range.end, known.length) - range.start);
  const isSame =
    Buffer.compare(bytes.subarray(0, comparable), known.subarray(range.start, range.start + comparable)) === 0;
  return isSame ? null : fail(`bytes from ${range.start} on differ from the whole`, DAMAGED);
}

/** A bare streaming function URL sends parts in chunks. They play; behind CloudFront they would become the whole. */
const renamedLength = (headers: Answer['headers']): string | undefined =>
  headers['x-cache'] === undefined ? headers[RENAMED_LENGTH] : undefined;
