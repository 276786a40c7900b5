import { BatonError } from '../errors.ts';
import { lastTitle, type SoundBatch } from './batch.ts';
import type { IngestFormat } from './format.ts';
import type { Resumption } from './on-air.ts';
import type { ShowName, ShowStore } from './show-store.ts';

/** For listeners who were there before. */
const RECENT = 10;

/**
 * Where a show stands in the store: null when there is nothing of it. @throws INGEST_FORMAT when it is in another format
 */
export async function standing(
  shows: ShowStore,
  name: ShowName,
  format: IngestFormat,
): Promise<Resumption | 'ended' | null> {
  const last = await shows.last(name);
  if (last === null) return null;
  const { index, batch } = last;
  if (batch.kind === 'end') return 'ended';
  if (JSON.stringify(batch.format) !== JSON.stringify(format))
    throw new BatonError('INGEST_FORMAT', 'another format than in the hello before');
  const from = Math.max(0, index + 1 - RECENT);
  const indexes = Array.from({ length: index + 1 - from }, (_, at) => from + at);
  const batches = await Promise.all(indexes.map((at) => shows.batch(name, at)));
  const recent = batches.filter((each): each is SoundBatch => each?.kind === 'sound');
  return {
    index: index + 1,
    next: batch.next,
    sizes: batch.sizes,
    writer: batch.writer,
    title: lastTitle(batch),
    recent,
  };
}
