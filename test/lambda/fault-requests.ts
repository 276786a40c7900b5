import { privateLink, publicLink, type LinkContent } from '../../src/sign/link.ts';
import { ask, below, doorUrl, pick, type FaultKind, type World } from './fault-asking.ts';
import { read } from './fault-readers.ts';
import { verdict, type Right } from './fault-world.ts';
import { oddEvents, oddHeaders } from './odd-events.ts';
import { eventFor } from './sdk.ts';

/** Faults of those who ask, each with how often it is drawn. */
export const requestFaults: readonly (readonly [name: string, weight: number, kind: FaultKind])[] = [
  ['a link that is forged', 10, forged],
  ['an odd event', 12, oddEvent],
  ['odd headers in an event', 6, oddHeader],
  ['a reader that leaves', 8, (world) => ask(world, { manner: 'for a while', leaveAfter: below(world, 25_000) })],
  ['a slow reader', 6, (world) => ask(world, { manner: 'slowly' })],
];

async function forged(world: World): Promise<string> {
  const { baton, origin } = world;
  const content: LinkContent = { kind: 'file', options: 'codec.copy', source: origin.url('/x.mp3'), name: 'x.mp3' };
  const good = publicLink(content, baton.keys);
  const now = Date.now() / 1000;
  const at = below(world, good.length);
  const path = pick(world, [
    `${good.slice(0, at)}${pick(world, ['A', '~', '%00', '/', '..', '%2e%2e', ';', 'é'])}${good.slice(at + 1)}`,
    good.slice(0, Math.max(1, at)),
    privateLink(content, { expiresAt: now - 1 - below(world, 1e6), scope: 'x' }, baton.keys, now),
    publicLink({ ...content, kind: 'embed' }, baton.keys),
    publicLink({ ...content, options: '' }, baton.keys),
    publicLink({ ...content, options: 'codec.mp3~bitrate.9999k' }, baton.keys),
    publicLink({ ...content, source: 'http://169.254.169.254/latest/meta-data' }, baton.keys),
    `/file/${'x'.repeat(below(world, 9_000))}`,
    `${good}?${'a=%ff&'.repeat(below(world, 50))}`,
    '/',
  ]);
  if (path === good) return 'not forged';
  origin.behaviour = { status: 404 }; // should one be good nevertheless
  const door = pick(world, ['file', 'ranges', 'embed']);
  const answer = await read(doorUrl(world, door) + encodeURI(path).replaceAll('%25', '%')).finally(
    () => (origin.behaviour = {}),
  );
  if (answer.status < 400) {
    if (door === 'embed' && answer.headers['content-type'] === 'text/html; charset=utf-8') return 'a page';
    throw new Error(`${answer.status} for ${path}`);
  }
  return verdict(answer, []);
}

async function oddEvent(world: World): Promise<string> {
  return invoked(world, pick(world, ['file', 'ranges', 'embed']), pick(world, oddEvents));
}

async function oddHeader(world: World): Promise<string> {
  const right = pick(world, world.rights);
  world.origin.content = right.source;
  const event = eventFor(world.baton.file(world.origin.url(`/${below(world, 1e9)}.mp3`), right.options));
  const headers = pick(world, oddHeaders);
  return invoked(world, pick(world, ['file', 'ranges']), JSON.stringify({ ...event, headers }), right);
}

interface Replied {
  readonly status?: number;
  readonly statusCode?: number;
  readonly headers: Record<string, string>;
  readonly body: string | Buffer;
}

/** By Invoke, which takes any JSON: an answer all the same, never a failed invocation. */
async function invoked({ sdk }: World, name: string, payload: string, right?: Right): Promise<string> {
  const invocation = await sdk.invoke(name, payload);
  if (invocation.functionError !== null)
    throw new Error(`${name} failed for ${payload.slice(0, 200)}: ${JSON.stringify(invocation.payload)}`);
  const { status, statusCode, headers, body } = invocation.payload as Replied;
  const bytes = typeof body === 'string' ? Buffer.from(body, 'base64') : body;
  const answer = { status: status ?? statusCode ?? 0, headers, bytes, complete: true };
  return answer.status === 204 || answer.status === 304 ? 'empty' : verdict(answer, right === undefined ? [] : [right]);
}
