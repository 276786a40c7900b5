import { afterAll, beforeAll, expect, test } from 'vitest';
import { privateLink, publicLink } from '../../src/sign/link.ts';
import type { Sign } from '../../src/verify/site.ts';
import { CHECKS, verify, type Result } from '../../src/verify/verify.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { startProxy, type Fault, type Passing } from './bad-proxy.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';

let origin: Origin;
let baton: TestBaton;
const sign: Sign = (content, access) =>
  access === undefined ? publicLink(content, baton.keys) : privateLink(content, access, baton.keys, Date.now() / 1000);

beforeAll(async () => {
  origin = await startOrigin((await source('cbr.mp3', { seconds: 20 })).bytes);
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin.close();
});

/** A fault, the check that must see it, and what it must say. */
type Case = readonly [fault: string, id: string, seen: RegExp, fault: Fault, link?: () => string];

const answers = (change: (answer: Passing) => void, when: (answer: Passing) => boolean = () => true): Fault => ({
  response: (answer) => {
    if (when(answer)) change(answer);
  },
});
const header = (name: string, value: string | undefined, when?: (answer: Passing) => boolean): Fault =>
  answers(({ headers }) => void (headers[name] = value), when);
const without = (name: 'range' | 'if-range' | 'if-none-match'): Fault => ({
  request: ({ headers }) => void Reflect.deleteProperty(headers, name),
});
const isHead = ({ method }: Passing): boolean => method === 'HEAD';
const isWhole = ({ method, status }: Passing): boolean => method === 'GET' && status === 200;
const isPart = ({ status }: Passing): boolean => status === 206;
const isError = ({ status }: Passing): boolean => status >= 400;

const zeros = answers((answer) => {
  const length = Number(answer.headers['content-length']);
  answer.body = Buffer.alloc(length);
}, isPart);
const shifted = answers((answer) => {
  answer.headers['content-range'] = String(answer.headers['content-range']).replace(/\d+/, (at) =>
    String(Number(at) + 1),
  );
}, isPart);
const page = (status: number): Fault =>
  answers((answer) => {
    answer.status = status;
    answer.headers = { 'content-type': 'text/html' };
    answer.body = Buffer.from('<h1>Error</h1>');
  }, isError);
/** Whatever link is asked for, it plays. */
const openDoor: Fault = {
  request: (asked) => {
    if (asked.path.startsWith('/file/')) asked.path = new URL(plain()).pathname;
  },
};
const cut: Fault = { response: (answer) => void (answer.cutAfter = 40) };
/** Of a GET without Range only: as long as it takes to collect what others send at once. */
const ofWhole =
  (ms: number): NonNullable<Fault['delayMs']> =>
  ({ method, headers }) =>
    method === 'GET' && headers.range === undefined ? ms : 0;
let count = 0;
const plain = (): string => baton.file(origin.url(), OPTIONS);
const secret = (): string =>
  baton.origin +
  sign(
    { kind: 'file', options: OPTIONS, source: origin.url(), name: 'a.mp3' },
    { expiresAt: Date.now() / 1000 + 60, scope: 'x' },
  );

const LENGTHS: readonly Case[] = [
  ['drops Content-Length', 'head', /Content-Length: missing/, header('content-length', undefined, isHead)],
  ['renames Content-Length', 'head', /only as x-amzn-remapped/, answers(renamed, isHead)],
  ['drops Accept-Ranges', 'head', /Accept-Ranges: missing/, header('accept-ranges', undefined)],
  ['weakens the ETag', 'head', /ETag: W\//, header('etag', 'W/"x"')],
  ['calls it text', 'head', /text\/plain/, header('content-type', 'text/plain')],
  ['is refused by its function URL', 'head', /^403$/, answers(forbidden, isHead)],
  ['refuses', 'head', /403 \(Error from/, answers(refused, isHead)],
  ['cuts bodies', 'whole', /broke off .* after 40 of/, cut],
  ['ends bodies early as if they were whole', 'whole', /as if it were whole after 5 of/, answers(shortened, isWhole)],
  ['has another length for HEAD', 'whole', /but HEAD says 7/, header('content-length', '7', isHead)],
  ['collects the body before it sends it', 'progressive', /^a tenth after/, { buffer: true, delayMs: ofWhole(1500) }],
];

const RANGES: readonly Case[] = [
  ...['first-two', 'suffix', 'open', 'seek', 'resume', 'chain'].flatMap((id): Case[] => [
    ['ignores Range', id, /^200 with the whole/, without('range')],
    ['cuts the bodies of parts', id, /bytes of the/, answers((answer) => void (answer.cutAfter = 1), isPart)],
    ['sends other bytes as parts', id, /differ from the whole/, zeros],
    ['states another part', id, / for \d+-\d+ of /, shifted],
    ['states no part', id, /Content-Range: missing/, header('content-range', undefined, isPart)],
    ['sends parts in chunks', id, /Content-Length: missing/, header('content-length', undefined, isPart)],
  ]),
  ['ignores Range', 'beyond', /^200,/, without('range')],
  ['hides the size', 'beyond', /^416, Content-Range: missing/, header('content-range', undefined, isError)],
  ['drops the ETag', 'resume', /no ETag/, header('etag', undefined)],
];

const VALIDATORS: readonly Case[] = [
  [
    'makes an ETag for each request',
    'stable',
    /^6 in 6/,
    answers(({ headers }) => void (headers['etag'] = `"${++count}"`)),
  ],
  ['drops the ETag of parts', 'stable', /none/, header('etag', undefined, isPart)],
  ['forgets If-None-Match', 'not-modified', /^200 with a body/, without('if-none-match')],
  [
    'finds nothing modified',
    'not-modified',
    /^304 for another/,
    answers(
      (answer) => void (answer.status = 304),
      ({ asked }) => asked['if-none-match'] !== undefined,
    ),
  ],
  ['forgets If-Range', 'if-range', /^206, a part/, without('if-range')],
];

const REFUSALS: readonly Case[] = [
  ...['forged', 'altered', 'expired', 'options', 'inside'].map((id): Case => [
    'plays whatever is asked for',
    id,
    /^206 instead of/,
    openDoor,
  ]),
  ...['forged', 'altered', 'expired', 'options', 'inside', 'unknown', 'method'].flatMap((id): Case[] => [
    ['lets errors be cached', id, /max-age=9/, header('cache-control', 'max-age=9', isError)],
    ['calls errors text', id, /Content-Type: text/, header('content-type', 'text/plain', isError)],
  ]),
  ['has error pages of its own', 'forged', /^403 without the code/, page(403)],
  ['has a page for everything', 'unknown', /^200 instead of 404/, page(200)],
  ['takes POST for GET', 'method', /^200 instead of 405/, { request: (asked) => void (asked.method = 'GET') }],
];

const FRONT: readonly Case[] = [
  ['refuses OPTIONS', 'preflight', /^403$/, answers((answer) => void (answer.status = 403))],
  ['allows no Range', 'preflight', /without range, if-range/, header('access-control-allow-headers', 'accept')],
  ['drops CORS', 'preflight', /Access-Control-Allow-Origin/, header('access-control-allow-origin', undefined)],
  ['drops CORS', 'cross-origin', /missing on 206/, header('access-control-allow-origin', undefined)],
  ['drops CORS of errors', 'cross-origin', /missing on 404/, header('access-control-allow-origin', undefined, isError)],
  ['answers CORS twice', 'cross-origin', /\*, \*/, header('access-control-allow-origin', '*, *')],
  ['exposes nothing', 'cross-origin', /not exposed: content-range/, header('access-control-expose-headers', undefined)],
  ['drops Cache-Control', 'caching', /Cache-Control: missing/, header('cache-control', undefined)],
  ['forbids caching', 'caching', /no-store/, header('cache-control', 'no-store, no-transform')],
  ['compresses', 'caching', /Content-Encoding: gzip/, header('content-encoding', 'gzip')],
  [
    'keeps private links',
    'caching',
    /max-age=9999/,
    header('cache-control', 'private, max-age=9999, no-transform'),
    secret,
  ],
  ['shares private links', 'caching', /public/, header('cache-control', 'public, max-age=9, no-transform'), secret],
  ['never has it in its cache', 'edge-cache', /^Miss.*Miss/, header('x-cache', 'Miss from cloudfront')],
  [
    'tells its function URL',
    'leaks',
    /function URL in an answer/,
    header('x-origin', 'abc123.lambda-url.us-east-1.on.aws'),
  ],
  ['tells its version', 'leaks', /nginx\/1/, header('server', 'nginx/1.29.1')],
  ['sets cookies', 'leaks', /set-cookie/, header('set-cookie', 'id=1')],
  [
    'tells its files',
    'leaks',
    /a path on the server/,
    answers((answer) => void (answer.body = Buffer.from('at /var/task/a.mjs')), isError),
  ],
  ['is slow to start', 'cold', /ms$/, { delayMs: () => 250 }],
  ['is slow', 'warm', /median of 5/, { delayMs: () => 250 }],
];

const CASES = [...LENGTHS, ...RANGES, ...VALIDATORS, ...REFUSALS, ...FRONT];

test.each(CASES.map((one) => [one[0], one[1], one] as const))('a front that %s fails at %s', async (_fault, id, of) => {
  const [, , seen, fault, link = plain] = of;
  await using proxy = await startProxy(baton.origin, fault);
  const [result] = await through(proxy.origin, link(), id);
  expect(result).toMatchObject({ id, result: 'fail', seen: expect.stringMatching(seen) as string });
  expect(result).toHaveProperty('means', expect.stringMatching(/^[A-Z].{20,}\.$/));
});

test('every check is shown to fail', () => {
  const shown = new Set(CASES.map(([, id]) => id));
  expect(CHECKS.map(({ id }) => id).filter((id) => !shown.has(id))).toEqual(['events']); // see events.test.ts
});

test('of a file that does not play nothing is said beyond that', async () => {
  const broken = answers((answer) => void (answer.status = 503), isWhole);
  await using proxy = await startProxy(baton.origin, broken);
  const results = await verify({
    url: plain().replace(baton.origin, proxy.origin),
    only: ['whole', 'seek', 'chain', 'resume'],
  });
  expect(results.map(({ id, result }) => [id, result])).toEqual([
    ['whole', 'fail'],
    ['seek', 'ok'],
    ['resume', 'n.a.'],
    ['chain', 'n.a.'],
  ]);
});

test('a front that is far away is not taken for one that collects bodies', async () => {
  await using proxy = await startProxy(baton.origin, { delayMs: () => 300 });
  expect(await through(proxy.origin, plain(), 'progressive')).toMatchObject([{ result: 'n.a.' }]);
});

test('a front that caches as CloudFront does passes', async () => {
  let asked = 0;
  const cached = answers(
    ({ headers }) => void (headers['x-cache'] = asked++ > 1 ? 'Hit from cloudfront' : 'Miss from cloudfront'),
  );
  await using proxy = await startProxy(baton.origin, cached);
  expect(await through(proxy.origin, plain(), 'edge-cache')).toMatchObject([{ result: 'ok' }]);
});

const through = (proxy: string, link: string, id: string): Promise<readonly Result[]> =>
  verify({
    url: link.replace(baton.origin, proxy),
    ...{ sign, source: origin.url(), only: [id], limits: { coldMs: 200, warmMs: 200 } },
  });

function renamed({ headers }: Passing): void {
  headers['x-amzn-remapped-content-length'] = headers['content-length'];
  headers['content-length'] = undefined;
}

function refused(answer: Passing): void {
  answer.status = 403;
  answer.headers = { 'x-cache': 'Error from cloudfront', 'content-type': 'text/html' };
}

function shortened(answer: Passing): void {
  answer.body = Buffer.from('early');
  answer.headers['content-length'] = undefined;
}

function forbidden(answer: Passing): void {
  answer.status = 403;
  answer.headers = { 'x-amzn-errortype': 'AccessDeniedException', 'content-type': 'application/json' };
}
