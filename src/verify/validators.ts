import { fail, note, notApplicable, ok, type Check } from './check.ts';
import { NO_LENGTH } from './ranges.ts';

const UNSTABLE =
  'Players resume and caches join parts only under one ETag. It changes when functions use different ffmpeg binaries (engine ids), or when the source changes at every look.';

export const stable: Check = {
  id: 'stable',
  title: 'ETag, five times',
  about: 'file',
  run: async (site) => {
    const size = (await site.size()) ?? 0;
    const spots = [0, 0.3, 0.9].map((share) => Math.floor(size * share));
    const parts = await Promise.all(spots.map((at) => site.ask({ range: `${at}-${at + 99}` })));
    const answers = [await site.head(), await site.whole(), ...parts, await site.ask({ method: 'HEAD' })];
    const etags = new Set(answers.map(({ headers }) => headers['etag'] ?? 'none'));
    if (etags.size === 1 && !etags.has('none'))
      return ok(`one in ${answers.length} answers to HEAD and GET, 200 and 206`);
    return fail(`${etags.size} in ${answers.length} answers: ${[...etags].join(', ')}`, UNSTABLE);
  },
};

export const notModified: Check = {
  id: 'not-modified',
  title: 'If-None-Match',
  about: 'file',
  run: async (site) => {
    const etag = (await site.head()).headers['etag'];
    if (etag === undefined) return notApplicable('there is no ETag (see HEAD)');
    const { status, bytes } = await site.ask({ headers: { 'if-none-match': etag }, leaveAfter: 1000 });
    if (status !== 304 || bytes.length > 0)
      return fail(
        `${status} with a body for the ETag of the file`,
        'Caches load the file again instead of asking whether it changed: If-None-Match does not reach Baton.',
      );
    const other = await site.ask({ headers: { 'if-none-match': '"another"' }, range: '0-1' });
    if (other.status === 304) return fail('304 for another ETag', 'Listeners would keep an old file for ever.');
    return ok('304 for the ETag of the file, not for another');
  },
};

export const ifRange: Check = {
  id: 'if-range',
  title: 'If-Range with an old ETag',
  about: 'file',
  run: async (site) => {
    const size = await site.size();
    if (size === null) return notApplicable(NO_LENGTH);
    const headers = { 'if-range': '"an-older-version"' };
    const answer = await site.ask({ headers, range: `${Math.floor(size / 2)}-`, leaveAfter: 1000 });
    const known = await site.known();
    if (answer.status === 412)
      return note(
        '412 FILE_CHANGED: functions send no whole file of this size in answer to a range; a player starts anew',
      );
    if (answer.status !== 200)
      return fail(
        `${answer.status}, a part`,
        'A resumed download would mix two versions: If-Range does not reach Baton. Forward it, and keep it in the cache key.',
      );
    const begins = answer.bytes.subarray(0, known.length);
    if (!begins.equals(known.subarray(0, begins.length))) return fail('200, but not from the start', UNSTABLE);
    return ok('200, the whole');
  },
};
