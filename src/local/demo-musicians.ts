import { BAR, type Note, type Voice } from './demo-note.ts';

/** What is played over for a bar or two. */
export interface Chord {
  /** MIDI numbers. */
  readonly bass: number;
  readonly tones: readonly number[];
}

/** Writes the notes of one bar, their starts counted from its own. `bar` counts from the start of the section. */
export type Musician = (bar: number, chord: Chord, bars: number) => readonly Note[];

/** Comes in at bar `first`. */
export function from(first: number, musician: Musician): Musician {
  return (bar, chord, bars) => (bar < first ? [] : musician(bar, chord, bars));
}

/** Falls silent at bar `last`. */
export function until(last: number, musician: Musician): Musician {
  return (bar, chord, bars) => (bar >= last ? [] : musician(bar, chord, bars));
}

/** The chord, held. */
export function pad(level: number): Musician {
  return (_, { tones }) =>
    tones.map((pitch, index) => ({
      voice: 'pad',
      at: 0,
      length: BAR,
      pitch,
      level: level * 0.5,
      pan: index / 3 - 0.5,
    }));
}

export function longBass(_bar: number, { bass }: Chord): readonly Note[] {
  return [note('bass', 0, 12, bass, 0.8), note('bass', 12, 4, bass, 0.55)];
}

export function drivingBass(bar: number, { bass }: Chord): readonly Note[] {
  const steps = bar % 4 === 3 ? [0, 3, 6, 8, 11, 12, 14] : [0, 3, 6, 8, 11, 14];
  return steps.map((at) =>
    note('bass', at, at % 8 === 0 ? 3 : 2, bass + (at === 14 || at === 11 ? 12 : 0), at % 8 === 0 ? 0.85 : 0.6),
  );
}

const FIGURES = {
  sparse: { at: [0, 6, 10], climb: [0, 2, 3, 1, 3, 2] },
  eighths: { at: [0, 2, 4, 6, 8, 10, 12, 14], climb: [0, 1, 2, 3, 4, 3, 2, 1] },
  sixteenths: {
    at: [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 14, 15],
    climb: [0, 2, 1, 3, 4, 2, 5, 3, 4, 6, 5, 3, 2, 1],
  },
} as const;

/** Broken chords. */
export function plucks(figure: keyof typeof FIGURES): Musician {
  return (bar, { tones }, bars) => {
    const { at: places, climb } = FIGURES[figure];
    return places.map((at, index) => {
      const degree = climb[(index + (bar % 2) * 3) % climb.length] ?? 0;
      const swell = 0.75 + 0.25 * Math.sin((Math.PI * (bar + at / BAR)) / Math.min(8, bars));
      return note(
        'pluck',
        at,
        2,
        chordTone(tones, degree) + 12,
        (at % 4 === 0 ? 0.62 : 0.42) * swell,
        Math.sin(index * 1.9) * 0.7,
      );
    });
  };
}

/** Single notes of the chord, far apart. */
export function bells(level: number): Musician {
  const turns = [
    [0, 4, 7],
    [4, 6],
    [0, 5, 2],
    [6, 3],
  ] as const;
  return (bar, { tones }) =>
    (turns[bar % turns.length] ?? []).map((degree, index) =>
      note(
        'bell',
        [0, 6, 11][index] ?? 0,
        8,
        chordTone(tones, degree) + 12,
        (index === 0 ? 0.5 : 0.36) * level,
        (index - 1) * 0.6,
      ),
    );
}

/** Two phrases of four bars; each note is sixteenth, pitch and length. */
const PHRASES: readonly (readonly (readonly number[])[])[] = [
  '0 78 6, 6 76 2, 8 74 6, 14 69 2, 16 71 8, 24 74 4, 28 76 4, 32 78 6, 38 81 2, 40 83 8, 48 81 6, 54 76 6, 60 76 2, 62 78 2',
  '0 81 4, 4 78 4, 8 76 6, 14 74 2, 16 78 10, 28 76 2, 30 74 2, 32 71 6, 38 74 4, 42 76 6, 48 76 4, 52 78 4, 56 76 8',
].map((phrase) => phrase.split(', ').map((each) => each.split(' ').map(Number)));

/** The tune, by the bar of its phrase. An octave lower it is a second voice, softer and on the other side. */
export function melody(transposed: 0 | -12): Musician {
  const [level, pan] = transposed === 0 ? [0.5, 0.1] : [0.3, -0.35];
  return (bar) => {
    const start = (bar % 4) * BAR;
    const phrase = PHRASES[Math.floor(bar / 4) % PHRASES.length] ?? [];
    return phrase
      .filter(([at = 0]) => at >= start && at < start + BAR)
      .map(([at = 0, pitch = 0, length = 0]) => note('lead', at - start, length, pitch + transposed, level, pan));
  };
}

export function kick(bar: number): readonly Note[] {
  const places = bar % 4 === 3 ? [0, 7, 10, 14] : [0, 8, 10];
  return places.map((at) => note('kick', at, 2, 36, at === 0 ? 0.9 : 0.7));
}

export function backbeat(): readonly Note[] {
  return [4, 12].map((at) => note('snap', at, 2, 60, 0.5, 0.12));
}

export function hat(bar: number): readonly Note[] {
  return [2, 6, 10, 14].map((at) => note('hat', at, at === 14 && bar % 2 === 1 ? 3 : 1, 60, 0.34, -0.3));
}

export function shaker(): readonly Note[] {
  return Array.from({ length: BAR }, (_, at) => note('shaker', at, 1, 60, [0.36, 0.14, 0.26, 0.16][at % 4] ?? 0, 0.4));
}

export const note = (voice: Voice, at: number, length: number, pitch: number, level: number, pan = 0): Note => ({
  voice,
  at,
  length,
  pitch,
  level,
  pan,
});

const chordTone = (tones: readonly number[], degree: number): number =>
  (tones[degree % tones.length] ?? 60) + 12 * Math.floor(degree / tones.length);
