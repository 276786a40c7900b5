import { fail, notApplicable, note, ok, type Check } from './check.ts';

export const caching: Check = {
  id: 'caching',
  title: 'Caching',
  about: 'file',
  run: async (site) => {
    const { headers } = await site.ask({
      range: '0-1',
      leaveAfter: 10_000,
      headers: { 'accept-encoding': 'gzip, br' },
    });
    const { 'cache-control': cacheControl = 'missing', 'content-encoding': encoding } = headers;
    const maxAge = Number(/(?:^|[ ,])max-age=(\d+)/.exec(cacheControl)?.[1] ?? NaN);
    if (encoding !== undefined && encoding !== 'identity')
      return fail(
        `Content-Encoding: ${encoding}`,
        'Ranges count other bytes then: turn compression off in front of Baton.',
      );
    if (!cacheControl.includes('no-transform'))
      return fail(
        `Cache-Control: ${cacheControl}`,
        'Mobile proxies may re-encode the audio: something in front rewrites Cache-Control.',
      );
    const seen = `Cache-Control: ${cacheControl}`;
    if (site.expiresAt === null) {
      if (cacheControl.includes('public') && maxAge >= 0) return ok(seen);
      return fail(seen, 'A public link that nobody may cache runs a function for every listener.');
    }
    const left = site.expiresAt - Date.now() / 1000;
    // Behind CloudFront all links to a file share what it keeps; their tokens are checked before.
    const isShared = headers['x-cache'] !== undefined;
    if ((isShared || !cacheControl.includes('public')) && maxAge <= Math.max(0, left) + 1) return ok(seen);
    return fail(
      seen,
      `A private link that ends in ${Math.floor(left)} s may not be kept longer, nor by caches that others use.`,
    );
  },
};

const TRIES = 4;

export const edgeCache: Check = {
  id: 'edge-cache',
  title: 'Cache of CloudFront',
  about: 'file',
  run: async (site) => {
    const size = (await site.size()) ?? 0;
    const at = Math.floor(size / 4);
    const seen: string[] = [];
    for (let tries = 0; tries < TRIES; tries++) {
      const { headers } = await site.ask({ range: `${at}-${at + 999}`, leaveAfter: 10_000 });
      const verdict = headers['x-cache'];
      if (verdict === undefined) return notApplicable('no CloudFront in front (no X-Cache)');
      seen.push(verdict);
      if (tries > 0 && /^(refresh)?hit/i.test(verdict)) return ok(seen.join(', then '));
    }
    if (site.expiresAt !== null && site.expiresAt - Date.now() / 1000 < 300)
      return note(`${seen.join(', ')}: a private link near its end is not cached`);
    return fail(
      seen.join(', '),
      'Every request runs a function. The cache policy must have a maximum TTL above 0, keep Range in its key and nothing that differs from listener to listener.',
    );
  },
};
