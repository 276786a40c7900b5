import { createIntake } from './intake.ts';
import type { Intake, IntakeDeps } from './intake.ts';
import { timePlace } from './leg-address.ts';
import type { LegLog } from './leg-log.ts';
import type { Leg, LegEnd, LegPart } from './leg.ts';
import { dropped, wordFor } from './line.ts';
import type { Line } from './line.ts';
import { createRecovery } from './recovery.ts';
import type { Answer, Outage, Recovery, RecoveryDeps } from './recovery.ts';
import type { StreamEvent } from './stream-event.ts';

/** Whoever looks for a place goes to many, and each leg costs: those between are left out. */
const LEG_AFTER_LEG_MS = 200;

/** What a chain does its work with. */
export interface ChainDeps extends IntakeDeps, Pick<RecoveryDeps, 'wanted' | 'changed' | 'now' | 'random' | 'timer'> {
  open(place: string, handlers: { take(part: LegPart): void; over(end: LegEnd): void }): Leg;
  /** Whether sound up to `until` (seconds) leaves room for a leg of `legSeconds`. */
  hasRoom(until: number, legSeconds: number): boolean;
  /** A leg brings sound again. */
  recovered(outage: Outage): void;
  /** The sound is over at `time`, in seconds. */
  eos(time: number): void;
  readonly log: LegLog;
}

/** One stream as a chain of legs; times in seconds. */
export interface Chain extends Pick<Intake, 'end' | 'gaps'> {
  /** Goes to `at`; up to `keep` everything is there already and shall not come again. */
  restart(at: number, keep?: number): void;
  /** Opens a leg if one is due; to be called whenever there may be room. */
  readonly consider: () => void;
  /** Ends what is under way; `unpark` goes on at the same sample. */
  readonly park: () => void;
  unpark(): void;
  /** The connections are dead for sure: goes on with new ones. */
  suspect(): void;
  /** What came cannot be decoded: goes to `at` as after an outage, which `played` ends. */
  unplayable(at: number): void;
  played(): void;
  /** Whether a leg is under way. */
  isOpen(): boolean;
  /** Nothing more will come. */
  isDone(): boolean;
  readonly recovery: Recovery;
}

/** A chain that rests until `restart`. Half fragments are dropped, and no sample is taken twice. */
export function createChain(deps: ChainDeps): Chain {
  const intake = createIntake({ ...deps, event: heard });
  let isRunning = false;
  let isDone = false;
  let place = timePlace(0);
  /** Where the current leg will end, once it says so. */
  let closing: { readonly time: number; readonly place: string } | null = null;
  /** No leg begins before, in milliseconds of `now`. */
  let soonest = 0;
  let current: Line | null = null;
  let early: Line | null = null;
  /** The last leg ended where the next one is to begin. */
  let isHandover = false;
  /** More fragments prove nothing: they must be heard. */
  let isUndecoded = false;
  let answer: Answer = { kind: 'unreachable' };

  const recovery = createRecovery({ ...deps, ask: () => Promise.resolve(answer), reload: consider });

  function consider(): void {
    const legSeconds = intake.legSeconds();
    if (!isRunning || isDone || !['steady', 'loading'].includes(recovery.state().at)) return;
    if (current === null) {
      if (deps.now() < soonest || !deps.hasRoom(intake.end(), legSeconds)) return;
      current = open(place, isHandover);
      isHandover = false;
    } else if (early === null && closing !== null && deps.hasRoom(closing.time, legSeconds))
      early = open(closing.place, true);
  }

  function open(at: string, follows: boolean): Line {
    const leg = deps.open(at, { take: (part) => arrived(line, part), over: (ending) => over(line, ending) });
    const isRetry = recovery.state().at === 'loading';
    const known = { openedAt: deps.now(), from: intake.end(), to: intake.end(), end: null };
    const line: Line = { leg, place: at, held: [], ending: null, isRetry, isHandover: follows, ...known };
    deps.log.add(line);
    return line;
  }

  function arrived(line: Line, part: LegPart): void {
    if (part.kind === 'fragment') proven(line);
    if (line === current) intake.take(line, part);
    else if (line === early) line.held.push(part);
  }

  function proven(line: Line): void {
    if (line.isRetry && !isUndecoded) recovered();
    line.isRetry = false;
  }

  function recovered(): void {
    const state = recovery.state();
    recovery.progressed();
    if (state.at === 'loading') deps.recovered(state.outage);
  }

  function heard(event: StreamEvent): void {
    if (event.type === 'position') place = `r.${event.token}`;
    if (event.type === 'closing') closing = { time: event.time, place: `r.${event.token}` };
    deps.event(event);
    if (event.type === 'closing') consider();
  }

  function over(line: Line, ending: LegEnd): void {
    if (ending.kind !== 'broken') proven(line);
    line.end = wordFor(ending);
    line.ending = ending;
    if (line === current) settle(ending);
    else if (line === early && ending.kind === 'broken') {
      early = null;
      broke(ending);
    }
  }

  /** The current leg is over. */
  function settle(ending: LegEnd): void {
    current = closing = null;
    if (ending.kind === 'leg') handOver(`r.${ending.token}`);
    else early = dropped(early);
    if (ending.kind === 'eos') {
      isDone = true;
      deps.eos(ending.time);
    } else if (ending.kind === 'broken') {
      if (ending.token !== null) place = `r.${ending.token}`;
      broke(ending);
    }
  }

  /** Goes on at `next`, with the leg that was opened early if it is the one. */
  function handOver(next: string): void {
    place = next;
    const line = early?.place === next ? early : dropped(early);
    early = null;
    if (line === null) {
      isHandover = true;
      consider();
      return;
    }
    current = line;
    for (const part of line.held.splice(0)) arrived(line, part);
    if (line.ending !== null) over(line, line.ending);
  }

  function broke(ending: LegEnd & { kind: 'broken' }): void {
    answer = ending.answer;
    recovery.broke(ending.cause);
  }

  function drop(): void {
    current = dropped(current);
    early = dropped(early);
    closing = null;
    isHandover = false;
  }

  function goTo(at: number, keep?: number): void {
    if (current !== null) soonest = current.openedAt + LEG_AFTER_LEG_MS;
    drop();
    intake.restart(at, keep);
    place = timePlace(at);
    [isRunning, isDone] = [true, false];
  }

  return {
    restart(at, keep) {
      goTo(at, keep);
      recovery.reset();
      isUndecoded = false;
      consider();
    },
    unplayable(at) {
      goTo(at);
      isUndecoded = true;
      answer = { kind: 'fine' };
      recovery.broke('unplayable');
    },
    played() {
      if (isUndecoded) recovered();
      isUndecoded = false;
    },
    consider,
    park() {
      drop();
      if (recovery.state().at !== 'failed') recovery.reset();
      isRunning = false;
    },
    unpark() {
      isRunning = true;
      consider();
    },
    suspect() {
      if (current === null && early === null) return;
      drop();
      consider();
    },
    end: intake.end,
    gaps: intake.gaps,
    isOpen: () => current !== null || early !== null,
    isDone: () => isDone,
    recovery,
  };
}
