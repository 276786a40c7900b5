import { BatonError } from '../errors.ts';
import { setsIn } from '../media/avc-pictures.ts';
import { pictureIn, sampleUnits } from '../media/avc-sample.ts';
import { writeAvcConfig } from '../media/avc.ts';
import {
  MOST_OFFSET,
  PICTURE_TRACK,
  SOUND_TRACK,
  STREAM_TICKS,
  streamBlock,
  streamCluster,
  streamHead,
  type StreamSound,
} from '../media/matroska-stream.ts';
import type { Bytes, Milliseconds, Samples } from '../units.ts';
import type { FilmPacket } from './film-records.ts';
import { MOST_PICTURE, pictureSize } from './picture-format.ts';

/** Where a stream with pictures stands that is being written; as JSON it goes on in another process. */
export interface FilmStreamState {
  /** Of sound so far: what the clock of the stream counts. */
  samples: Samples;
  /** How far the clock of the publisher is before it. */
  ahead: Milliseconds;
  /** The time stamp of the open cluster, in ticks; null before the head. */
  cluster: number | null;
  /** When the last picture is shown, on the clocks of the stream (in ticks) and of the publisher. */
  shown: number;
  saidAt: Milliseconds;
  /** A picture was lost: what follows is of no use up to the next key picture. */
  isBroken: boolean;
  /** AVCDecoderConfigurationRecord in base64; null until it is known. */
  config: string | null;
  /** Packets of sound in base64 that came before it. */
  held: readonly string[];
}

export const newFilmStream = (config: string | null): FilmStreamState => ({
  ...{ samples: 0, ahead: 0, cluster: null, shown: -1, saidAt: -1, isBroken: true, config, held: [] },
});

/** How the sound of a show is coded. */
export interface ShowSound extends StreamSound {
  /** @throws INGEST_FORMAT for what can be no packet */
  samplesOf(packet: Uint8Array): Samples;
}

/** Clocks that differ by less are the same, with time stamps that are rounded. */
const SAME: Milliseconds = 50;
/** Pictures and sound that come together do not lie farther apart. */
const FARTHEST: Milliseconds = 20_000;
/** Of sound before the first picture: a few seconds. */
const MOST_HELD = 250;
/** It is stored with each batch until then. */
const MOST_HELD_BYTES: Bytes = 256 * 1024;
/** A picture that is shown later, before there is sound, is one of a clock that does not begin with the show. */
const FIRST_PICTURE: Milliseconds = 1_000;

/**
 * The packets as a stream of Matroska. Clusters begin with key pictures. Its clock is that of the sound, as if nothing were
 * missing between two packets of it; pictures keep their place beside the sound that they came with.
 * @throws INGEST_FORMAT for pictures that are none, are not shown in the order they come in, or lie far from the sound
 */
export function addToFilm(packets: readonly FilmPacket[], sound: ShowSound, state: FilmStreamState): Uint8Array {
  const pieces: Uint8Array[] = [];
  const msOf = (samples: Samples): Milliseconds => (samples * 1000) / sound.sampleRate;

  function add(track: number, ticks: number, isKey: boolean, bytes: Uint8Array): void {
    const isPicture = track === PICTURE_TRACK;
    const isFar = state.cluster !== null && Math.abs(ticks - state.cluster) > MOST_OFFSET;
    if (state.cluster === null || isFar || (isPicture && isKey)) {
      if (state.cluster === null) pieces.push(head());
      pieces.push(streamCluster(ticks));
      state.cluster = ticks;
    }
    pieces.push(streamBlock(track, ticks - state.cluster, isKey, bytes));
  }

  function head(): Uint8Array {
    const config = Buffer.from(state.config ?? '', 'base64');
    return streamHead({ sound, pictures: { config, ...pictureSize(config) } });
  }

  function addSound(bytes: Uint8Array, at: Milliseconds): void {
    const samples = sound.samplesOf(bytes);
    const ahead = at - msOf(state.samples);
    if (state.samples === 0 || Math.abs(ahead - state.ahead) > SAME) state.ahead = ahead;
    if (state.config === null) {
      state.held = [...state.held, Buffer.from(bytes).toString('base64')];
      const heldBytes = state.held.reduce((sum, { length }) => sum + (length * 3) / 4, 0);
      if (state.held.length > MOST_HELD || heldBytes > MOST_HELD_BYTES) throw refused('no key picture');
    } else add(SOUND_TRACK, ticksOf(msOf(state.samples)), true, bytes);
    state.samples += samples;
  }

  function release(): void {
    let from: Samples = 0;
    for (const base64 of state.held) {
      const bytes = Buffer.from(base64, 'base64');
      add(SOUND_TRACK, ticksOf(msOf(from)), true, bytes);
      from += sound.samplesOf(bytes);
    }
    state.held = [];
  }

  function addPicture({ bytes, at, isKey }: FilmPacket): void {
    const units = sampleUnits(bytes) ?? [];
    const kind = pictureIn(units);
    if (bytes.length > MOST_PICTURE) throw refused(`a picture of ${bytes.length} bytes`);
    if (kind === null || (isKey && kind !== 'key')) throw refused('pictures that are no H.264');
    const sets = setsIn(units);
    if (sets.sequences.length > 0 && sets.pictures.length > 0)
      pictureSize(writeAvcConfig(sets.sequences, sets.pictures));
    if (at < state.saidAt) throw refused('a picture that is shown before the one before it');
    state.saidAt = at;
    if (state.isBroken && kind !== 'key') return;
    const isFirst = state.samples === 0 && state.cluster === null;
    if (isFirst && Math.abs(at - state.ahead) > FIRST_PICTURE) state.ahead = at;
    const shownAt = at - state.ahead;
    if (Math.abs(shownAt - msOf(state.samples)) > FARTHEST) throw refused('a picture far from its sound');
    if (state.held.length > 0) release();
    state.isBroken = false;
    state.shown = Math.max(state.shown + 1, ticksOf(shownAt));
    add(PICTURE_TRACK, state.shown, kind === 'key', bytes);
  }

  for (const packet of packets) {
    if (packet.track === 'sound') addSound(packet.bytes, packet.at);
    else addPicture(packet);
  }
  return Buffer.concat(pieces);
}

const ticksOf = (ms: Milliseconds): number => Math.round((ms * STREAM_TICKS) / 1000);

const refused = (detail: string): BatonError => new BatonError('INGEST_FORMAT', detail);
