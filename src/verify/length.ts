import { fail, note, ok, type Check } from './check.ts';
import type { Answer } from './client.ts';
import { partFault, RENAMED_LENGTH } from './part.ts';

const REFUSED_BY_AWS =
  'AWS refuses before Baton is asked. A function URL behind CloudFront needs lambda:InvokeFunctionUrl and lambda:InvokeFunction for cloudfront.amazonaws.com, with the ARN of this distribution.';

export const head: Check = {
  id: 'head',
  title: 'HEAD',
  about: 'file',
  run: async (site) => {
    const { status, headers } = await site.head();
    const { etag, 'content-length': length, 'content-type': type = 'missing' } = headers;
    if (status !== 200)
      return fail(
        `${status}${headers['x-cache'] === undefined ? '' : ` (${headers['x-cache']})`}`,
        status === 403 && isOfAws(headers)
          ? REFUSED_BY_AWS
          : 'The link itself does not play: make a new one with the keys of this deployment.',
      );
    if (length === undefined && headers[RENAMED_LENGTH] !== undefined)
      return fail(
        `length only as ${RENAMED_LENGTH}`,
        'A streaming function URL cannot state a length, so podcast apps show none: give listeners the address of CloudFront, whose function must send HEAD and Range to the BUFFERED function URL.',
      );
    if (length === undefined || !/^[1-9]\d*$/.test(length))
      return fail(
        `Content-Length: ${length ?? 'missing'}`,
        'Without a length there is no duration and no seeking. Ask again in a minute if the source has no length in its header; else something in front drops it.',
      );
    if (headers['accept-ranges'] !== 'bytes')
      return fail(
        `Accept-Ranges: ${headers['accept-ranges'] ?? 'missing'}`,
        'Safari and podcast apps do not seek without it.',
      );
    if (etag === undefined || !/^"[^"]+"$/.test(etag))
      return fail(
        `ETag: ${etag ?? 'missing'}`,
        'Resuming needs a strong ETag. CloudFront weakens it when it compresses: turn compression off for this behaviour.',
      );
    if (!type.startsWith('audio/')) return fail(`Content-Type: ${type}`, 'Players refuse other types than audio.');
    return ok(`${length} bytes, ${type}, ${etag}`);
  },
};

/** Baton answers errors in JSON and AWS names their type. */
const isOfAws = (headers: Answer['headers']): boolean =>
  headers['x-amzn-errortype'] !== undefined || !(headers['content-type'] ?? '').includes('json');

/** A response that ends well before these was not stopped by them. */
const NEAR_LIMIT = { bytes: 100e6, ms: 600_000 };

export const whole: Check = {
  id: 'whole',
  title: 'GET of the whole',
  about: 'file',
  run: async (site) => {
    const [answer, size] = [await site.whole(), await site.size()];
    const { status, headers, bytes, broke, endMs } = answer;
    if (status !== 200) return fail(`${status} instead of 200`, 'The log of the function says why.');
    if (size === null) return fail(`${bytes.length} bytes, but no answer says how many there are`, 'See HEAD.');
    const stated = headers['content-length'];
    if ((stated !== undefined && Number(stated) !== size) || bytes.length > size)
      return fail(
        `${stated ?? bytes.length} bytes, but HEAD says ${size}`,
        'Caches and players trust the length of HEAD: two versions of the file are being served.',
      );
    if (bytes.length === size && broke !== null && broke !== 'left')
      return fail(broke.reason, 'The connection broke after the last byte.');
    if (bytes.length === size) return ok(`${size} bytes`);
    const ended =
      broke === null ? 'ended as if it were whole' : broke === 'left' ? 'read' : `broke off (${broke.reason})`;
    const seen = `${ended} after ${bytes.length} of ${size} bytes`;
    if (broke !== 'left' && bytes.length < NEAR_LIMIT.bytes && endMs < NEAR_LIMIT.ms)
      return fail(
        seen,
        'A GET without Range may end early only near the limits of a function (200 MB, 15 minutes): look for a timeout or a crash in its log.',
      );
    const rest = await site.ask({ range: `${bytes.length}-` });
    const fault = partFault(rest, { start: bytes.length, end: size }, size, bytes);
    return fault ?? note(`${seen}; a range goes on from there`);
  },
};
