import { strike } from './demo-instruments.ts';
import type { Mix, Sounding } from './demo-mix.ts';
import { SAMPLE_RATE, STEP } from './demo-note.ts';
import { score, steps } from './demo-score.ts';

/** The music of the demo episode as 16-bit little-endian stereo, a sixteenth at a time; the same at every start. */
export function* music(): Generator<Uint8Array, void> {
  const notes = score();
  const mix: Mix = { left: empty(), right: empty(), echo: empty(), hall: empty() };
  const echo = echoes();
  const hall = room();
  const total = steps();
  let next = 0;
  let sounding: Sounding[] = [];
  for (let step = 0; step < total; step++) {
    for (const bus of Object.values(mix) as Float32Array[]) bus.fill(0);
    for (let note = notes[next]; note?.at === step; note = notes[++next]) sounding.push(strike(note));
    sounding = sounding.filter((play) => play(mix));
    echo(mix);
    hall(mix);
    yield toBytes(mix, step, total);
  }
}

const empty = (): Float32Array => new Float32Array(STEP);

const ECHO = { delay: 3 * STEP, feedback: 0.42, damping: 0.45 } as const;

/** Echoes in dotted eighths, left and right in turn, each duller than the one before. */
function echoes(): (mix: Mix) => void {
  const [first, second] = [new Float32Array(ECHO.delay), new Float32Array(ECHO.delay)];
  let [at, dull] = [0, 0];
  return ({ left, right, echo, hall }) => {
    for (let i = 0; i < STEP; i++) {
      const [one, two] = [first[at] ?? 0, second[at] ?? 0];
      dull += (two - dull) * ECHO.damping;
      first[at] = (echo[i] ?? 0) + dull * ECHO.feedback;
      second[at] = one * 0.8;
      left[i] = (left[i] ?? 0) + one;
      right[i] = (right[i] ?? 0) + two;
      hall[i] = (hall[i] ?? 0) + (one + two) * 0.2;
      at = at + 1 === ECHO.delay ? 0 : at + 1;
    }
  };
}

const ROOM = {
  delays: [1423, 1777, 2137, 2503, 2939, 3413, 3907, 4423],
  seconds: 2.6,
  damping: 0.42,
  gain: 0.3,
} as const;
/** Shorter than every delay, so that nothing that goes in comes out within one part. */
const PART = STEP / 7;

interface Line {
  readonly ring: Float32Array;
  readonly out: Float32Array;
  /** Share of the sound that is left after one round. */
  readonly keep: number;
  place: number;
  dull: number;
}

/** A feedback delay network: eight delays of prime length, mixed into each other by a Householder matrix. */
function room(): (mix: Mix) => void {
  const lines = ROOM.delays.map((delay): Line => ({
    ring: new Float32Array(delay),
    out: new Float32Array(PART),
    keep: 0.001 ** (delay / (ROOM.seconds * SAMPLE_RATE)),
    place: 0,
    dull: 0,
  }));
  const sum = new Float32Array(PART);
  return ({ left, right, hall }) => {
    for (let start = 0; start < STEP; start += PART) {
      sum.fill(0);
      for (const [index, line] of lines.entries())
        hear(line, sum, (index % 2 === 0 ? left : right).subarray(start, start + PART));
      for (const line of lines) feed(line, sum, hall.subarray(start, start + PART));
    }
  };
}

/** What comes out of `line` in one part; treble dies away sooner. */
function hear({ ring, out, place, dull }: Line, sum: Float32Array, side: Float32Array): void {
  for (let i = 0, at = place; i < PART; i++) {
    dull += ((ring[at] ?? 0) - dull) * ROOM.damping;
    out[i] = dull;
    sum[i] = (sum[i] ?? 0) + dull;
    side[i] = (side[i] ?? 0) + dull * ROOM.gain;
    at = at + 1 === ring.length ? 0 : at + 1;
  }
}

function feed(line: Line, sum: Float32Array, input: Float32Array): void {
  const { ring, out, keep } = line;
  let at = line.place;
  for (let i = 0; i < PART; i++) {
    ring[at] = (input[i] ?? 0) + ((out[i] ?? 0) - ((sum[i] ?? 0) * 2) / ROOM.delays.length) * keep;
    at = at + 1 === ring.length ? 0 : at + 1;
  }
  line.place = at;
  line.dull = out[PART - 1] ?? 0;
}

const FADE_STEPS = 24;

function toBytes({ left, right }: Mix, step: number, total: number): Uint8Array {
  const samples = new Int16Array(2 * STEP);
  for (let i = 0; i < STEP; i++) {
    const rest = Math.min(1, (total - step - i / STEP) / FADE_STEPS);
    samples[2 * i] = limited((left[i] ?? 0) * rest);
    samples[2 * i + 1] = limited((right[i] ?? 0) * rest);
  }
  return new Uint8Array(samples.buffer);
}

/** Loud passages are pressed together instead of clipped. */
function limited(value: number): number {
  const x = Math.max(-3, Math.min(3, value * 1.15));
  return Math.round(((x * (27 + x * x)) / (27 + 9 * x * x)) * 32_000);
}
