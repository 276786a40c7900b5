import type { DRAWERS } from './en-drawers.ts';
import type { LIVE } from './en-live.ts';
import type { REFUSALS } from './en-refusals.ts';
import type { Words } from './en.ts';

/** A whole dictionary; English alone comes in parts. */
export type AllWords = Words &
  Readonly<Record<keyof typeof DRAWERS | keyof typeof LIVE | keyof typeof REFUSALS, string>>;
