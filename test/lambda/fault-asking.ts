import type { LambdaBaton } from '../support/lambda-baton.ts';
import type { Origin } from '../support/origin.ts';
import { read, type Manner } from './fault-readers.ts';
import { forgetChunks, verdict, type Right } from './fault-world.ts';
import type { Sdk } from './sdk.ts';

/** What faults are made with; `origin` is for one fault at a time. */
export interface World {
  readonly baton: LambdaBaton;
  readonly sdk: Sdk;
  readonly origin: Origin;
  readonly store: string;
  readonly rights: readonly Right[];
  readonly random: () => number;
}

/** Makes one fault and gives how it ended; throws when that must not be. */
export type FaultKind = (world: World) => Promise<string>;

export const below = ({ random }: World, limit: number): number => Math.floor(random() * limit);

export function pick<T>(world: World, items: readonly T[]): T {
  const item = items[below(world, items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

export interface Asked {
  readonly manner?: Manner;
  readonly leaveAfter?: number;
  /** Files that a complete answer may be. */
  readonly allowed?: readonly Right[];
}

/** Asks the lane's origin, as it behaves now, for a random file by a random door, whole or in part. */
export async function ask(world: World, { manner = 'at once', leaveAfter = 0, allowed }: Asked = {}): Promise<string> {
  const { baton, origin, store } = world;
  const right = allowed?.[0] ?? pick(world, world.rights);
  const behaviour = origin.behaviour;
  if (allowed === undefined) origin.content = right.source;
  if (world.random() < 0.4) await forgetChunks(store);
  const path = new URL(baton.file(origin.url(`/${below(world, 1e9)}.mp3`), right.options)).pathname;
  const size = right.whole.length;
  const start = below(world, size);
  const range = world.random() < 0.5 ? undefined : `bytes=${start}-${start + below(world, size)}`;
  const door = manner === 'at once' && world.random() < 0.3 ? 'ranges' : 'file';
  const options = { manner, leaveAfter, ...(range === undefined ? {} : { range }) };
  try {
    const answer = await read(`${doorUrl(world, door)}${path}`, options);
    return verdict(answer, allowed ?? [right]);
  } finally {
    if (origin.behaviour === behaviour) origin.behaviour = {};
  }
}

/** By another name than the one that `get` waits at. */
export const doorUrl = ({ baton }: Pick<World, 'baton'>, name: string): string =>
  (baton.lambda.functionUrls.get(name) ?? '').replace('127.0.0.1', 'localhost').replace(/\/$/, '');
