import { setTimeout as sleep } from 'node:timers/promises';
import type { Behaviour } from '../support/origin.ts';
import { ask, below, pick, type FaultKind, type World } from './fault-asking.ts';

/** Faults of origins, each with how often it is drawn. */
export const originFaults: readonly (readonly [name: string, weight: number, kind: FaultKind])[] = [
  ['an origin that resets', 8, (world) => once(world, { dieAfter: { bytes: bytesOf(world), how: 'reset' } })],
  ['an origin that closes early', 8, (world) => once(world, { dieAfter: { bytes: bytesOf(world), how: 'close' } })],
  ['an origin that stalls, then closes', 6, (world) => stalling(world)],
  ['an origin that hangs up', 3, (world) => once(world, { hangUp: true })],
  ['an origin with passing trouble', 6, (world) => once(world, { status: pick(world, [500, 502, 503]) })],
  ['an origin in trouble', 2, (world) => always(world, { status: 503 })],
  ['a source that is not there', 5, (world) => always(world, { status: pick(world, [404, 410, 403, 401]) })],
  ['a source that changes', 8, changing],
  ['a source that lies of its length', 8, (world) => once(world, { length: pick(world, [-5_000, -1, 1, 5_000]) })],
  ['a source that always lies of its length', 2, (world) => always(world, { length: pick(world, [-900, 900]) })],
  ['an origin that shifts ranges', 3, (world) => once(world, { range: 'shifted' })],
  ['an origin without ranges that breaks', 3, withoutRanges],
  ['a source that is compressed', 2, (world) => always(world, { gzip: true })],
  ['odd headers of an origin', 3, oddOrigin],
];

/** Mostly within the source, sometimes at once. */
const bytesOf = (world: World): number => (world.random() < 0.2 ? below(world, 2_000) : below(world, 80_000));

async function always(world: World, behaviour: Behaviour): Promise<string> {
  world.origin.behaviour = behaviour;
  return ask(world);
}

/** Misbehaves at one request, at random the first to the fourth. */
async function once(world: World, behaviour: Behaviour): Promise<string> {
  const right = pick(world, world.rights);
  let good = below(world, 4);
  world.origin.behaviour = good === 0 ? behaviour : {};
  world.origin.content = () => {
    // What is set here counts from the next request on.
    good -= 1;
    world.origin.behaviour = good === 0 ? behaviour : {};
    return right.source;
  };
  return ask(world, { allowed: [right] }).finally(() => (world.origin.behaviour = {}));
}

/** Nothing comes for a moment, before the head or within the body, then the connection ends. */
const stalling = (world: World): Promise<string> =>
  once(
    world,
    world.random() < 0.5
      ? { latencyMs: below(world, 300), hangUp: true }
      : { bytesPerSecond: 3_000, dieAfter: { bytes: below(world, 900), how: 'close' } },
  );

/** Another file of the same kind from the second to the sixth request on. */
async function changing(world: World): Promise<string> {
  const before = pick(world, world.rights);
  const others = world.rights.filter(({ options, source }) => options === before.options && source !== before.source);
  const after = pick(world, others);
  let left = 1 + below(world, 5);
  world.origin.content = () => (left-- > 0 ? before.source : after.source);
  return ask(world, { allowed: [before, after] });
}

async function withoutRanges(world: World): Promise<string> {
  const right = pick(world, world.rights);
  world.origin.content = right.source;
  world.origin.behaviour = { range: 'ignored', dieAfter: { bytes: below(world, right.source.length), how: 'reset' } };
  const mended = sleep(200).then(() => (world.origin.behaviour = { range: 'ignored' }));
  const how = await ask(world, { allowed: [right] });
  await mended;
  world.origin.behaviour = {};
  return how;
}

async function oddOrigin(world: World): Promise<string> {
  const headers = pick(world, [
    { 'x-long': 'x'.repeat(64_000) },
    { 'content-range': 'bytes 0-1/2' },
    { 'last-modified': 'never' },
    { etag: '\u00ff"\t"', vary: '*' },
    { 'content-type': 'audio/\u00ff; charset="' },
  ]);
  return always(world, { headers });
}
