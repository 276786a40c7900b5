import { BAR, type Note } from './demo-note.ts';
import {
  backbeat,
  bells,
  drivingBass,
  from,
  hat,
  kick,
  longBass,
  melody,
  note,
  pad,
  plucks,
  shaker,
  until,
  type Chord,
  type Musician,
} from './demo-musicians.ts';

/** The music of the demo episode: 90 bars of 4/4 at 90 beats a minute, in D major, and a tail to die away in. */

export interface Section {
  readonly title: string;
  /** Sixteenths, half-open. */
  readonly start: number;
  readonly end: number;
}

const TAIL_BARS = 2;

type ChordName = 'D' | 'Bm' | 'G' | 'A' | 'Em';

const CHORDS: Readonly<Record<ChordName, Chord>> = {
  D: { bass: 38, tones: [57, 61, 64, 66] },
  Bm: { bass: 35, tones: [57, 61, 62, 66] },
  G: { bass: 43, tones: [55, 59, 62, 66] },
  A: { bass: 45, tones: [57, 59, 62, 64] },
  Em: { bass: 40, tones: [55, 59, 62, 66] },
};

interface Plan {
  readonly title: string;
  readonly bars: number;
  readonly chords: readonly ChordName[];
  readonly barsPerChord: 1 | 2;
  readonly play: readonly Musician[];
}

const ROAD = ['D', 'Bm', 'G', 'A'] as const;

/** The sections of the piece, in order; they are the chapters of the episode. */
const PLANS: readonly Plan[] = [
  {
    title: 'On the Blocks',
    bars: 12,
    chords: ['D', 'G'],
    barsPerChord: 2,
    play: [pad(1), bells(0.8), from(6, plucks('sparse'))],
  },
  {
    title: 'Finding the Pace',
    bars: 16,
    chords: ROAD,
    barsPerChord: 1,
    play: [pad(0.9), longBass, plucks('eighths'), from(8, shaker)],
  },
  {
    title: 'The Back Straight',
    bars: 20,
    chords: ROAD,
    barsPerChord: 1,
    play: [
      pad(0.7),
      drivingBass,
      plucks('sixteenths'),
      shaker,
      kick,
      from(4, backbeat),
      from(4, melody(0)),
      from(12, hat),
    ],
  },
  {
    title: 'The Hand-over',
    bars: 12,
    chords: ['Em', 'G', 'Bm', 'A'],
    barsPerChord: 2,
    play: [pad(1), bells(1), longBass, from(8, plucks('sparse'))],
  },
  {
    title: 'The Last Lap',
    bars: 20,
    chords: ROAD,
    barsPerChord: 1,
    play: [
      pad(0.75),
      drivingBass,
      plucks('sixteenths'),
      shaker,
      kick,
      backbeat,
      hat,
      melody(0),
      from(8, melody(-12)),
      from(12, bells(0.5)),
    ],
  },
  {
    title: 'After the Line',
    bars: 10,
    chords: ['G', 'D'],
    barsPerChord: 2,
    play: [pad(1), bells(0.7), until(6, plucks('sparse')), until(4, longBass)],
  },
];

/** Everything that is played, in the order of its start. */
export function score(): readonly Note[] {
  const notes = placed().flatMap(({ plan, start }) =>
    Array.from({ length: plan.bars }, (_, bar) =>
      barNotes(plan, bar).map((note) => ({ ...note, at: note.at + start + bar * BAR })),
    ).flat(),
  );
  return [...notes, ...lastChord()].sort((a, b) => a.at - b.at);
}

/** The sections; the last one holds the tail. */
export function sections(): readonly Section[] {
  const all = placed();
  return all.map(({ plan, start }, index) => ({ title: plan.title, start, end: all[index + 1]?.start ?? steps() }));
}

/** Sixteenths of the whole piece. */
export const steps = (): number => (PLANS.reduce((bars, plan) => bars + plan.bars, 0) + TAIL_BARS) * BAR;

function placed(): readonly { readonly plan: Plan; readonly start: number }[] {
  let start = 0;
  return PLANS.map((plan) => {
    const here = { plan, start };
    start += plan.bars * BAR;
    return here;
  });
}

function barNotes({ play, chords, barsPerChord, bars }: Plan, bar: number): readonly Note[] {
  const name = chords[Math.floor(bar / barsPerChord) % chords.length] ?? 'D';
  return play.flatMap((player) => player(bar, CHORDS[name], bars));
}

function lastChord(): readonly Note[] {
  const at = steps() - TAIL_BARS * BAR;
  const chord = [50, 57, 61, 66, 69, 76];
  return [
    note('bass', at, 12, 38, 0.7),
    ...chord.map((pitch, index) => note('bell', at, 16, pitch + (index > 3 ? 12 : 0), 0.34, index / 2.5 - 1)),
  ];
}
