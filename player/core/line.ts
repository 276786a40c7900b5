import type { LegEntry } from './leg-log.ts';
import type { Leg, LegEnd, LegPart } from './leg.ts';

/** A leg of a chain, with what it brought before its turn. */
export interface Line extends LegEntry {
  readonly leg: Leg;
  readonly place: string;
  readonly held: LegPart[];
  ending: LegEnd | null;
  isRetry: boolean;
  isHandover: boolean;
}

/** Ends a leg that is not needed any more. */
export function dropped(line: Line | null): null {
  if (line !== null) line.end ??= 'abandoned';
  line?.leg.abort();
  return null;
}

/** How the statistics call an ending. */
export function wordFor(ending: LegEnd): LegEntry['end'] {
  if (ending.kind !== 'broken') return ending.kind;
  return ending.answer.kind === 'refused' ? 'error' : 'cut';
}
