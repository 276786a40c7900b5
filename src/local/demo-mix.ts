import type { Note } from './demo-note.ts';

/** What the instruments of one step of music play into, STEP samples each. */
export interface Mix {
  readonly left: Float32Array;
  readonly right: Float32Array;
  /** Shares of the sound that go into the echo and into the room. */
  readonly echo: Float32Array;
  readonly hall: Float32Array;
}

/** Adds the next step of a sounding note to the mix; false when the note has died away. */
export type Sounding = (mix: Mix) => boolean;

/** The gains of a note on either side, at equal power wherever it stands. */
export const panned = ({ level, pan }: Note, gain: number): readonly [left: number, right: number] => [
  level * gain * Math.cos(((pan + 1) * Math.PI) / 4) * Math.SQRT2,
  level * gain * Math.sin(((pan + 1) * Math.PI) / 4) * Math.SQRT2,
];
