/** Interleaved 16-bit sound. One sample is one instant, whatever the number of channels. */
export interface Pcm {
  readonly data: Int16Array;
  readonly sampleRate: number;
  readonly channels: 1 | 2;
}

export interface SignalOptions {
  readonly sampleRate?: number;
  readonly channels?: 1 | 2;
}

/**
 * Samples [from, to) of the test sound: a voice, a slow sweep, and a melody of notes drawn per 40 ms of absolute time,
 * in passages of four levels. It is a function of time alone: every stretch can be made by itself, at every rate, and is
 * the ideally resampled form of every other rate. No passage comes twice. Mono is the mean of left and right. Peaks
 * stay below 0.8 of full scale; samples before 0 are silent.
 */
export function testSignal(from: number, to: number, { sampleRate = 44100, channels = 2 }: SignalOptions = {}): Pcm {
  const data = new Int16Array(Math.max(0, to - from) * channels);
  const sing = singer(sampleRate);
  const out = new Float64Array(2);
  for (let i = Math.max(0, -from); i < to - from; i++) {
    sing((from + i) / sampleRate, out);
    const left = out[0] ?? 0;
    const right = out[1] ?? 0;
    if (channels === 1) data[i] = Math.round((left + right) * 16000);
    else {
      data[i * 2] = Math.round(left * 32000);
      data[i * 2 + 1] = Math.round(right * 32000);
    }
  }
  return { data, sampleRate, channels };
}

/** How many instants `pcm` lasts. */
export const samplesOf = (pcm: Pcm): number => pcm.data.length / pcm.channels;

/** Samples [from, to) of `pcm`, without copying; what lies outside is left away. */
export function slicePcm(pcm: Pcm, from: number, to: number = samplesOf(pcm)): Pcm {
  return { ...pcm, data: pcm.data.subarray(Math.max(0, from) * pcm.channels, Math.max(0, to) * pcm.channels) };
}

export interface Located {
  /** The stretch really is samples `at + offset`… of the reference: 0 is exactly in place, below 0 it comes too late. */
  readonly offset: number;
  /** Correlation at that place: 1 is the same sound, near 0 another one. Below 0.5 `offset` means nothing. */
  readonly score: number;
}

/** Gives samples [from, to) of what a decoded stretch is compared with, at the rate of the stretch. */
export type Reference = (from: number, to: number) => Pcm;

/**
 * Where a decoded stretch, expected to be samples `at`… of `reference` (default: the test signal at the stretch's rate),
 * really lies, by cross-correlation of its first `window` samples within `search` samples either side.
 */
export function locate(
  pcm: Pcm,
  at: number,
  { reference, search = 2500, window = 8192 }: { reference?: Reference; search?: number; window?: number } = {},
): Located {
  const heard = monoOf(slicePcm(pcm, 0, window));
  const from = at - search;
  const wanted = (reference ?? signalLike(pcm))(from, from + heard.length + 2 * search);
  const expected = monoOf(wanted);
  const near = Math.min(search, NEAR);
  const best = bestLag(heard, expected, search - near, search + near, search);
  return best.score > CERTAIN ? best : bestLag(heard, expected, 0, 2 * search, search);
}

/** No passage comes twice: one that is found here as well as this is not found better anywhere else. */
const NEAR = 64;
const CERTAIN = 0.9;

/** The best of the lags [from, to], the middle one of which is `at`. */
function bestLag(heard: Float64Array, expected: Float64Array, from: number, to: number, at: number): Located {
  const heardEnergy = energy(heard, 0, heard.length);
  let expectedEnergy = energy(expected, from, from + heard.length);
  let best: Located = { offset: 0, score: -1 };
  for (let lag = from; lag <= to; lag++) {
    let product = 0;
    for (let i = 0; i < heard.length; i++) product += (heard[i] ?? 0) * (expected[lag + i] ?? 0);
    const score = product / Math.sqrt(Math.max(1, heardEnergy * expectedEnergy));
    if (score > best.score) best = { offset: lag - at, score };
    expectedEnergy += (expected[lag + heard.length] ?? 0) ** 2 - (expected[lag] ?? 0) ** 2;
  }
  return best;
}

/** Loudness of samples [from, to) in dBFS, all channels together; silence is -Infinity. */
export function rms(pcm: Pcm, from = 0, to: number = samplesOf(pcm)): number {
  const { data } = slicePcm(pcm, from, to);
  return 10 * Math.log10(energy(data, 0, data.length) / Math.max(1, data.length) / 32768 ** 2);
}

/** Signal to noise in dB of `pcm` against `reference`, over what both have; equal ones give Infinity. */
export function snr(pcm: Pcm, reference: Pcm): number {
  if (pcm.channels !== reference.channels) throw new Error('snr: the channels differ');
  const length = Math.min(pcm.data.length, reference.data.length);
  let noise = 0;
  for (let i = 0; i < length; i++) noise += ((pcm.data[i] ?? 0) - (reference.data[i] ?? 0)) ** 2;
  return 10 * Math.log10(energy(reference.data, 0, length) / noise);
}

/** A reference that is the test signal at the rate and channels of `pcm`. */
const signalLike =
  (pcm: Pcm): Reference =>
  (from, to) =>
    testSignal(from, to, pcm);

/** Numbers in [0, 1) that are the same on every run and machine. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => (state = (state + 1) | 0) && hash(state, seed);
}

const TURN = 2 * Math.PI;
const HOP = 0.04;
const PASSAGE = 1.6;
const LEVELS = [1, 0.5, 0.8, 0.2, 0.06];
const FORMANTS = [0.21, 0.2, 0.18, 0.16, 0.14, 0.11, 0.08, 0.06, 0.04];

/** What is heard of the notes of one slot; those above the band of a rate are silent, as an ideal resampler would have it. */
interface Notes {
  readonly at: number;
  /** In radians a second; null: silent. */
  readonly low: number | null;
  readonly high: number | null;
  readonly hiss: number | null;
  readonly pan: number;
}

function notesOf(slot: number, sampleRate: number): Notes {
  const note = (hertz: number): number | null => (hertz < 0.45 * sampleRate ? TURN * hertz : null);
  return {
    at: slot * HOP,
    low: note(180 * 2 ** (2.2 * hash(slot, 1))),
    high: note(900 * 2 ** (1.9 * hash(slot, 2))),
    hiss: note(4500 + 5000 * hash(slot, 3)),
    pan: hash(slot, 4),
  };
}

const sung = (radians: number | null, since: number): number => (radians === null ? 0 : Math.sin(radians * since));

/** The sound at a time and a rate, for times in order: what lasts longer than a sample is worked out once. */
function singer(sampleRate: number): (t: number, out: Float64Array) => void {
  let slot = NaN;
  let notes: readonly [Notes, Notes] | null = null;
  let passage = NaN;
  let levels: readonly [number, number] = [0, 0];
  return (t, out) => {
    const nowSlot = Math.floor(t / HOP);
    if (notes === null || nowSlot !== slot) notes = [notesOf(nowSlot - 1, sampleRate), notesOf(nowSlot, sampleRate)];
    slot = nowSlot;
    const nowPassage = Math.floor(t / PASSAGE);
    if (nowPassage !== passage) levels = [levelOf(nowPassage - 1), levelOf(nowPassage)];
    passage = nowPassage;
    const fade = Math.min(1, (t - passage * PASSAGE) / 0.05);
    const level = (levels[0] * (1 - fade) + levels[1] * fade) * 1.4;
    const voice = voiceAt(t);
    const sweep = 0.08 * Math.sin(TURN * 900 * t - 16100 * Math.cos((TURN * t) / 23));
    let left = 0.34 * voice + sweep;
    let right = 0.28 * voice + 0.7 * sweep;
    for (const part of notes) {
      const since = t - part.at;
      const swell = Math.sin((Math.PI * since) / (2 * HOP)) ** 2;
      const low = 0.13 * sung(part.low, since);
      const high = 0.09 * sung(part.high, since);
      const hiss = 0.03 * sung(part.hiss, since);
      left += swell * (low + part.pan * high + hiss);
      right += swell * (0.8 * low + (1 - part.pan) * high - 0.5 * hiss);
    }
    out[0] = left * level;
    out[1] = right * level;
  };
}

/** Harmonics of a pitch around 120 Hz, in syllables; sin((n+1)x) comes from the two before it. */
function voiceAt(t: number): number {
  const x = TURN * 120 * t - (30 / 0.7) * Math.cos(TURN * 0.7 * t);
  const twice = 2 * Math.cos(x);
  let before = 0;
  let current = Math.sin(x);
  let sum = 0;
  for (const weight of FORMANTS) {
    sum += weight * current;
    const next = twice * current - before;
    before = current;
    current = next;
  }
  return sum * (0.6 + 0.4 * Math.sin(TURN * 3.1 * t));
}

const levelOf = (passage: number) => LEVELS[Math.floor(hash(passage, 5) * LEVELS.length)] ?? 1;

function hash(n: number, salt: number): number {
  let h = Math.imul(n, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}

function monoOf({ data, channels }: Pcm): Float64Array {
  const mono = new Float64Array(data.length / channels);
  for (let i = 0; i < mono.length; i++)
    mono[i] = channels === 1 ? (data[i] ?? 0) : ((data[2 * i] ?? 0) + (data[2 * i + 1] ?? 0)) / 2;
  return mono;
}

function energy(data: ArrayLike<number>, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (data[i] ?? 0) ** 2;
  return sum;
}
