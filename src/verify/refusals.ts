import { randomUUID } from 'node:crypto';
import type { LinkContent } from '../sign/link.ts';
import type { Answer } from './client.ts';
import { fail, notApplicable, note, ok, type Check, type Seen } from './check.ts';
import type { Site } from './site.ts';

const OPEN_DOOR =
  'Anybody could use this deployment with links of their own, at your cost. The CloudFront Function does not check tokens, or BATON_TRUST_EDGE is set where requests do not come from it.';

export const forged = refusal('forged', 'Forged link', 403, 'LINK_INVALID', OPEN_DOOR, ({ url }) => {
  const [, kind = '', token = '', ...rest] = url.pathname.split('/');
  const at = token.length - 20;
  const letter = token[at] === 'A' ? 'B' : 'A';
  return `/${kind}/${token.slice(0, at)}${letter}${token.slice(at + 1)}/${rest.join('/')}`;
});

export const altered = refusal('altered', 'Altered link', 403, 'LINK_INVALID', OPEN_DOOR, ({ url }) =>
  url.pathname.replace(/\/([^/]+)$/, '/x$1'),
);

export const expired = refusal(
  ...(['expired', 'Expired link', 410, 'LINK_EXPIRED'] as const),
  'Private links would live for ever, or their listeners would not be told why they stopped: check the clock and the CloudFront Function.',
  ({ sign, source }) => {
    const access = { expiresAt: Math.floor(Date.now() / 1000) - 60, scope: 'verify' };
    return sign === null || source === null ? null : sign(linkTo(source), access);
  },
);

export const options = refusal(
  ...(['options', 'Options that do not exist', 400, 'OPTIONS_INVALID'] as const),
  'The options are checked by the function: something else, or another version of Baton, has answered.',
  ({ sign, source }) =>
    sign === null || source === null ? null : sign({ ...linkTo(source), options: 'codec.mp3~bitrate.1k' }),
);

export const inside = refusal(
  ...(['inside', 'Source inside the network', 403, 'SOURCE_REFUSED'] as const),
  'A link could read what only this machine may: its runtime API, its credentials. BATON_ALLOW_ORIGINS must not be set in production.',
  ({ sign }) => sign?.(linkTo('http://127.0.0.1:9001/2018-06-01/runtime/invocation/next')) ?? null,
);

export const unknown: Check = {
  id: 'unknown',
  title: 'Path that does not exist',
  about: 'both',
  run: async (site) => {
    const answer = await site.ask({ url: `${site.url.origin}/verify-${randomUUID()}`, leaveAfter: 10_000 });
    // A bare function URL has one function for all paths.
    if (jsonFault(answer, 403, 'LINK_INVALID', '') === null) return note('403 LINK_INVALID');
    const means = 'Something else than Baton answers for the paths beside it.';
    return jsonFault(answer, 404, 'NOT_FOUND', means) ?? ok('404 NOT_FOUND');
  },
};

export const method: Check = {
  id: 'method',
  title: 'POST',
  about: 'both',
  run: async (site) => {
    const answer = await site.ask({ method: 'POST' });
    // CloudFront refuses methods that its behaviour does not allow by itself, with a page of its own.
    if (answer.status === 403 && answer.headers['x-cache'] !== undefined) return ok('403 of CloudFront');
    return (
      jsonFault(answer, 405, 'METHOD_NOT_ALLOWED', 'Only GET, HEAD and OPTIONS may reach Baton.') ??
      ok('405 METHOD_NOT_ALLOWED')
    );
  },
};

const linkTo = (source: string): LinkContent => ({
  ...{ kind: 'file', options: 'codec.mp3~bitrate.64k', source, name: 'verify.mp3' },
});

/** `path` gives null when only the owner of the keys could make it. */
function refusal(
  id: string,
  title: string,
  status: number,
  code: string,
  means: string,
  path: (site: Site) => string | null,
): Check {
  const run = async (site: Site): Promise<Seen> => {
    const asked = path(site);
    if (asked === null) return notApplicable('takes the signing keys and a source: --data, --source');
    const answer = await site.ask({ url: `${site.url.origin}${asked}`, range: '0-1', leaveAfter: 10_000 });
    return jsonFault(answer, status, code, means) ?? ok(`${status} ${code}`);
  };
  return { id, title, about: 'both', run };
}

const NOT_OURS =
  'Players show the message and decide by the code whether to try again. An error page of CloudFront replaces it: remove its custom error responses.';

/** What is wrong with a refusal, or null: its status, its code in JSON, and that nobody may keep it. */
function jsonFault({ status, headers, bytes }: Answer, wanted: number, code: string, means: string): Seen | null {
  const body = parsed(bytes);
  if (status !== wanted)
    return fail(`${status}${body.code === undefined ? '' : ` ${body.code}`} instead of ${wanted}`, means);
  if (body.code !== code) return fail(`${status} without the code ${code}`, NOT_OURS);
  if (typeof body.message !== 'string' || body.message === '')
    return fail(`${status} ${code} without a message`, NOT_OURS);
  if (!(headers['content-type'] ?? '').startsWith('application/json'))
    return fail(`Content-Type: ${headers['content-type'] ?? 'missing'} on an error`, NOT_OURS);
  if (!(headers['cache-control'] ?? '').includes('no-store'))
    return fail(
      `Cache-Control: ${headers['cache-control'] ?? 'missing'} on an error`,
      'An error that is over would be served from caches: set the minimum TTLs of errors to 0.',
    );
  return null;
}

function parsed(bytes: Buffer): { readonly code?: string; readonly message?: unknown } {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
