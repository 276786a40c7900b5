import { burst, kick } from './demo-drums.ts';
import { panned, type Sounding } from './demo-mix.ts';
import { SAMPLE_RATE, STEP, STEP_SECONDS, type Note, type Voice } from './demo-note.ts';
import { falling, GLASS, read, ROUND, SINE, SOFT, speed, TABLE } from './demo-waves.ts';

/** Strikes a note. */
export const strike = (note: Note): Sounding => INSTRUMENTS[note.voice](note);

const INSTRUMENTS: Readonly<Record<Voice, (note: Note) => Sounding>> = {
  pad,
  bass: (note) =>
    tone(note, { table: ROUND, attack: 0.008, release: 0.12, gain: 0.34, decay: 1.6, echo: 0, hall: 0.03 }),
  lead: (note) =>
    tone(note, {
      table: GLASS,
      attack: 0.03,
      release: 0.25,
      gain: 0.16,
      decay: 2.5,
      echo: 0.5,
      hall: 0.5,
      vibrato: 0.0022,
    }),
  pluck: (note) =>
    struck(note, { ratio: 2, index: 1.6, indexDecay: 0.09, decay: 0.32, gain: 0.15, echo: 0.45, hall: 0.3 }),
  bell: (note) =>
    struck(note, { ratio: 4, index: 1.1, indexDecay: 0.35, decay: 1.5, gain: 0.13, echo: 0.25, hall: 0.8 }),
  kick,
  snap: (note) => burst(note, { attack: 0.002, decay: 0.055, gain: 0.42, brightness: 0.35, hall: 0.5 }),
  hat: (note) =>
    burst(note, { attack: 0.001, decay: note.length > 1 ? 0.11 : 0.028, gain: 0.3, brightness: 0.95, hall: 0.08 }),
  shaker: (note) => burst(note, { attack: 0.018, decay: 0.03, gain: 0.24, brightness: 0.8, hall: 0.1 }),
};

// Each instrument copies its state into local variables for the length of a step: captured ones are boxed at every write.

const PAD = { attack: 0.9, release: 1.4, gain: 0.17, hall: 0.55, detune: 0.05 } as const;

/** Two voices out of tune by a few cents, one on each side. */
function pad(note: Note): Sounding {
  const [gainLeft, gainRight] = panned(note, PAD.gain);
  const length = note.length * STEP_SECONDS * SAMPLE_RATE;
  const end = length + PAD.release * SAMPLE_RATE;
  const rise = 1 / (PAD.attack * SAMPLE_RATE);
  const fall = 1 / (PAD.release * SAMPLE_RATE);
  const speeds = [speed(note.pitch - PAD.detune), speed(note.pitch + PAD.detune)] as const;
  let state: readonly [number, number, number, number] = [0, TABLE / 3, 0, 0];
  return ({ left, right, hall }) => {
    let [a, b, at, level] = state;
    for (let i = 0; i < STEP; i++, at++) {
      level = at < length ? Math.min(1, level + rise) : Math.max(0, level - fall);
      const shape = level * level;
      const one = read(SOFT, a) * shape * gainLeft;
      const two = read(SOFT, b) * shape * gainRight;
      left[i] = (left[i] ?? 0) + one;
      right[i] = (right[i] ?? 0) + two;
      hall[i] = (hall[i] ?? 0) + (one + two) * PAD.hall;
      a += speeds[0];
      b += speeds[1];
    }
    state = [a, b, at, level];
    return at < end;
  };
}

interface Tone {
  readonly table: Float32Array;
  readonly attack: number;
  readonly release: number;
  readonly decay: number;
  readonly gain: number;
  readonly echo: number;
  readonly hall: number;
  /** Share of the pitch, 5 times a second. */
  readonly vibrato?: number;
}

function tone(
  note: Note,
  { table, attack, release, decay, gain, echo: toEcho, hall: toHall, vibrato = 0 }: Tone,
): Sounding {
  const [gainLeft, gainRight] = panned(note, gain);
  const length = note.length * STEP_SECONDS * SAMPLE_RATE;
  const end = length + release * SAMPLE_RATE * 3;
  const rise = 1 / (attack * SAMPLE_RATE);
  const [held, released] = [falling(decay), falling(release)];
  const base = speed(note.pitch);
  const turn = (5 * TABLE) / SAMPLE_RATE;
  let state: readonly [number, number, number, number, number] = [0, 0, 0, 0, 1];
  return ({ left, right, echo, hall }) => {
    let [phase, lfo, at, level, fade] = state;
    for (let i = 0; i < STEP; i++, at++) {
      level = Math.min(1, level + rise);
      fade *= at < length ? held : released;
      const value = read(table, phase) * level * fade;
      left[i] = (left[i] ?? 0) + value * gainLeft;
      right[i] = (right[i] ?? 0) + value * gainRight;
      echo[i] = (echo[i] ?? 0) + value * gain * note.level * toEcho;
      hall[i] = (hall[i] ?? 0) + value * gain * note.level * toHall;
      phase += base * (1 + vibrato * read(SINE, lfo));
      lfo += turn;
    }
    state = [phase, lfo, at, level, fade];
    return at < end;
  };
}

interface Struck {
  /** Of the modulator's frequency to the note's. */
  readonly ratio: number;
  readonly index: number;
  readonly indexDecay: number;
  readonly decay: number;
  readonly gain: number;
  readonly echo: number;
  readonly hall: number;
}

/** Frequency modulation whose brightness dies away before the sound does. */
function struck(note: Note, { ratio, index, indexDecay, decay, gain, echo: toEcho, hall: toHall }: Struck): Sounding {
  const [gainLeft, gainRight] = panned(note, gain);
  const [fadeBy, dimBy] = [falling(decay), falling(indexDecay)];
  const base = speed(note.pitch);
  const end = 7 * decay * SAMPLE_RATE;
  let state: readonly [number, number, number, number, number] = [0, 0, 0, 1, (index * TABLE) / (2 * Math.PI)];
  return ({ left, right, echo, hall }) => {
    let [carrier, modulator, at, fade, depth] = state;
    for (let i = 0; i < STEP; i++, at++) {
      const attack = at < 64 ? at / 64 : 1;
      const value = read(SINE, carrier + depth * read(SINE, modulator)) * fade * attack;
      left[i] = (left[i] ?? 0) + value * gainLeft;
      right[i] = (right[i] ?? 0) + value * gainRight;
      echo[i] = (echo[i] ?? 0) + value * gain * note.level * toEcho;
      hall[i] = (hall[i] ?? 0) + value * gain * note.level * toHall;
      carrier += base;
      modulator += base * ratio;
      fade *= fadeBy;
      depth *= dimBy;
    }
    state = [carrier, modulator, at, fade, depth];
    return at < end;
  };
}
