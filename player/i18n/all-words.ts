import type { DRAWERS } from './en-drawers.ts';
import type { EPISODES } from './en-episodes.ts';
import type { LIVE } from './en-live.ts';
import type { PICTURE } from './en-picture.ts';
import type { REFUSALS } from './en-refusals.ts';
import type { SLEEP } from './en-sleep.ts';
import type { STEERING } from './en-steering.ts';
import type { Words } from './en.ts';

/** What is said in parts that are loaded later. */
type Later = typeof DRAWERS &
  typeof EPISODES &
  typeof LIVE &
  typeof PICTURE &
  typeof REFUSALS &
  typeof SLEEP &
  typeof STEERING;

/** A whole dictionary; English alone comes in parts. */
export type AllWords = Words & Readonly<Record<keyof Later, string>>;
