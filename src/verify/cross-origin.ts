import { fail, ok, type Check } from './check.ts';

const PAGE = 'https://verify.example';
const EXPOSED = ['content-range', 'accept-ranges', 'content-length', 'etag'];

export const preflight: Check = {
  id: 'preflight',
  title: 'CORS preflight (OPTIONS)',
  about: 'both',
  run: async (site) => {
    const asked = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'range, if-range' };
    const { status, headers } = await site.ask({ method: 'OPTIONS', headers: { origin: PAGE, ...asked } });
    if (status < 200 || status > 299)
      return fail(
        String(status),
        'Players on other pages may not ask for ranges: allow OPTIONS in the CloudFront behaviour.',
      );
    const methods = listOf(headers['access-control-allow-methods']);
    const allowed = listOf(headers['access-control-allow-headers']);
    const lacks = [
      ...(isForPage(headers) ? [] : ['Access-Control-Allow-Origin']),
      ...(methods.includes('get') || methods.includes('*') ? [] : ['GET']),
      ...['range', 'if-range'].filter((name) => !allowed.includes(name) && !allowed.includes('*')),
    ];
    if (lacks.length === 0) return ok(`${status}, ${headers['access-control-allow-origin'] ?? ''}`);
    return fail(
      `${status} without ${lacks.join(', ')}`,
      'Players on other pages may not ask for ranges. CORS of the function URL itself must be off: Baton answers.',
    );
  },
};

export const crossOrigin: Check = {
  id: 'cross-origin',
  title: 'CORS headers',
  about: 'both',
  run: async (site) => {
    const part = await site.ask({ range: '0-1', headers: { origin: PAGE }, leaveAfter: 10_000 });
    const missing = await site.ask({ url: `${site.url.origin}/verify-nothing`, headers: { origin: PAGE } });
    for (const { status, headers } of [part, missing]) {
      const origin = headers['access-control-allow-origin'];
      if (!isForPage(headers))
        return fail(
          `Access-Control-Allow-Origin: ${origin ?? 'missing'} on ${status}`,
          'Pages elsewhere can neither play with the Baton player nor read why they cannot.',
        );
      if (origin?.includes(',') === true)
        return fail(
          `Access-Control-Allow-Origin: ${origin}`,
          'It is there twice: turn CORS of the function URL off, Baton answers.',
        );
    }
    const exposed = listOf(part.headers['access-control-expose-headers']);
    const hidden = EXPOSED.filter((name) => !exposed.includes(name) && !exposed.includes('*'));
    if (hidden.length === 0) return ok(`on ${part.status} and ${missing.status}`);
    return fail(`not exposed: ${hidden.join(', ')}`, 'The player of another page cannot read where it is in the file.');
  },
};

const isForPage = (headers: Readonly<Record<string, string>>): boolean =>
  /^\*|https:\/\/verify\.example/.test(headers['access-control-allow-origin'] ?? '');

const listOf = (text = ''): string[] => text.toLowerCase().split(/[\s,]+/);
