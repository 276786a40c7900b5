import type { LegStats } from './engine.ts';
import type { Leg } from './leg.ts';

const KEPT = 50;

/** What is known of one leg; the chain fills it in. */
export interface LegEntry {
  readonly leg: Pick<Leg, 'counts'>;
  readonly openedAt: number;
  from: number;
  to: number;
  end: LegStats['end'];
}

/** The legs since a load. */
export interface LegLog {
  add(entry: LegEntry): void;
  legs(): LegStats[];
  count(): number;
  bytes(): number;
}

/** Keeps the last 50 and counts them all. */
export function createLegLog(): LegLog {
  const entries: LegEntry[] = [];
  let [count, forgotten] = [0, 0];
  return {
    add(entry) {
      entries.push(entry);
      count++;
      if (entries.length > KEPT) forgotten += entries.shift()?.leg.counts().bytes ?? 0;
    },
    legs: () => entries.map(({ leg, openedAt, from, to, end }) => ({ openedAt, from, to, end, ...leg.counts() })),
    count: () => count,
    bytes: () => entries.reduce((sum, { leg }) => sum + leg.counts().bytes, forgotten),
  };
}
