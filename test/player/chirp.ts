import { ffmpeg } from '../support/ffmpeg.ts';

export const RATE = 48_000;
const LOW = 1000;
const HIGH = 4000;

/** A tone whose pitch tells the time: it rises from 1 to 4 kHz in `seconds`, so no stretch sounds like another. */
export interface Chirp {
  readonly seconds: number;
}

/** Mono 16-bit samples [from, to) of it at 48 kHz. */
export function chirpPcm(chirp: Chirp, from: number, to: number): Int16Array {
  return Int16Array.from({ length: to - from }, (_, i) =>
    Math.round(16_000 * Math.sin(phase(chirp, (from + i) / RATE))),
  );
}

/** Encodes the whole of it with ffmpeg. */
export function encodeChirp(chirp: Chirp, args: readonly string[]): Promise<Buffer> {
  const pcm = chirpPcm(chirp, 0, chirp.seconds * RATE);
  const input = ['-f', 's16le', '-ar', String(RATE), '-ac', '1', '-i', 'pipe:0'];
  return ffmpeg([...input, ...args, 'pipe:1'], new Uint8Array(pcm.buffer));
}

/** What became of the chirp on its way to the ear. */
export interface Heard {
  /** Where in the chirp it begins and how long it lasts, in seconds, without silence. */
  readonly from: number;
  readonly seconds: number;
  /** Milliseconds whose amplitude or phase is off by more than 15 %: lost and repeated sound is off from there on. */
  readonly damagedMs: number;
  readonly firstDamage: number | null;
  readonly worst: number;
  /** Milliseconds of silence on the way. */
  readonly silentMs: number;
  /** Samples by which the end is out of place. */
  readonly slip: number;
}

const BLOCK = RATE / 1000;
const SILENCE = 32;
const TOLERANCE = 0.15;

/** Measures a recording of 48 kHz: phase and amplitude of each millisecond against one oscillator for all of it. */
export function hear(recorded: Float32Array, chirp: Chirp, { at }: { readonly at: number }): Heard {
  const { heard, silentMs } = withoutSilence(recorded);
  const skip = Math.round(RATE * 0.1);
  const sound = heard.subarray(skip, heard.length - skip); // the start of a decoder, and the pause
  let start = at + skip / RATE;
  for (const [reach, step] of [
    [0.03, 1 / RATE],
    [1 / RATE, 0.01 / RATE],
  ] as const)
    start += bestShift(turned(sound.subarray(0, 6 * RATE), chirp, start), chirp, start, reach, step);
  const blocks = turned(sound, chirp, start);
  const [re, im] = mean(blocks.slice(0, 2000));
  const size = Math.hypot(re, im);
  const off = blocks.map(([r, i]) => Math.hypot(r - re, i - im) / size);
  const [r1, i1] = mean(blocks.slice(-100));
  const pitch = LOW + ((HIGH - LOW) * (start + sound.length / RATE)) / chirp.seconds;
  const firstDamage = off.findIndex((value) => value > TOLERANCE);
  return {
    from: start - skip / RATE,
    seconds: heard.length / RATE,
    damagedMs: off.filter((value) => value > TOLERANCE).length,
    firstDamage: firstDamage === -1 ? null : start + firstDamage / 1000,
    worst: off.reduce((worst, value) => Math.max(worst, value), 0),
    silentMs,
    slip: ((Math.atan2(i1 * re - r1 * im, r1 * re + i1 * im) / (2 * Math.PI)) * RATE) / pitch,
  };
}

function phase({ seconds }: Chirp, t: number): number {
  return 2 * Math.PI * (LOW * t + ((HIGH - LOW) / seconds) * (t * t) * 0.5);
}

function withoutSilence(recorded: Float32Array): { heard: Float32Array; silentMs: number } {
  let [first, last] = [0, recorded.length - 1];
  while (first < recorded.length && Math.abs(recorded[first] ?? 0) < 0.02) first++;
  while (last > first && Math.abs(recorded[last] ?? 0) < 0.02) last--;
  const heard = new Float32Array(recorded.length);
  let [length, silent] = [0, 0];
  for (let i = first; i <= last;) {
    let end = i;
    while (end <= last && recorded[end] === 0) end++;
    if (end - i >= SILENCE) {
      silent += end - i;
      i = end;
    } else heard[length++] = recorded[i++] ?? 0;
  }
  return { heard: heard.subarray(0, length), silentMs: Math.round(silent / BLOCK) };
}

/** The analytic signal, turned back by the oscillator and averaged over each millisecond: a point that stays where it is. */
function turned(sound: Float32Array, chirp: Chirp, start: number): [number, number][] {
  const blocks: [number, number][] = [];
  for (let block = 1; block + BLOCK <= sound.length; block += BLOCK) {
    const t = start + (block + BLOCK / 2) / RATE;
    const w = (2 * Math.PI * (LOW + ((HIGH - LOW) * t) / chirp.seconds)) / RATE;
    const [cosW, sinW] = [Math.cos(w), Math.sin(w)];
    let [re, im] = [0, 0];
    for (let n = block; n < block + BLOCK; n++) {
      const x = sound[n] ?? 0;
      const quadrature = (x * cosW - (sound[n - 1] ?? 0)) / sinW;
      const turn = phase(chirp, start + n / RATE);
      const [c, s] = [Math.cos(turn), -Math.sin(turn)];
      re += quadrature * c - x * s;
      im += quadrature * s + x * c;
    }
    blocks.push([re / BLOCK, im / BLOCK]);
  }
  return blocks;
}

/** The shift of time under which the blocks agree best. */
function bestShift(
  blocks: readonly [number, number][],
  { seconds }: Chirp,
  start: number,
  reach: number,
  step: number,
): number {
  let best = { shift: 0, sum: -1 };
  const slope = (HIGH - LOW) / seconds;
  for (let shift = -reach; shift <= reach; shift += step) {
    let [re, im] = [0, 0];
    for (let m = 0; m < blocks.length; m += 4) {
      const [r, i] = blocks[m] ?? [0, 0];
      const turn = -2 * Math.PI * (LOW + slope * (start + m / 1000)) * shift;
      const [c, s] = [Math.cos(turn), Math.sin(turn)];
      re += r * c - i * s;
      im += r * s + i * c;
    }
    const sum = Math.hypot(re, im);
    if (sum > best.sum) best = { shift, sum };
  }
  return best.shift;
}

const mean = (blocks: readonly [number, number][]): [number, number] =>
  blocks.reduce(([r, i], [re, im]) => [r + re / blocks.length, i + im / blocks.length], [0, 0]);
