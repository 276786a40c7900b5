import { SEGMENT } from '../grid/picture.ts';
import { readAvcConfig, readAvcSequence, type AvcSequence } from '../media/avc.ts';
import type { Bytes, Seconds } from '../units.ts';
import type { FilmFacts, FilmPiece } from './film.ts';

/** What browsers play: Baseline, Main and High (ITU-T H.264 table A-1: level 5.2), and no faster than screens are. */
const PROFILES: readonly number[] = [66, 77, 100];
const HIGHEST_LEVEL = 52;
const FASTEST = 61;
/** Sound and pictures may be off by so much, which nobody sees. */
export const UNSEEN: Seconds = 0.02;
/** Browsers take a gap of twice the longest picture for filled: none may bridge a segment. */
const LONGEST_PICTURE: Seconds = SEGMENT / 2;
const LONGEST_PIECE: Seconds = 2 * SEGMENT;
/** A second, of what is passed on. */
export const MOST_BITS = 20e6;
/** Of NAL units in what is passed on. */
export const LENGTH_BYTES: Bytes = 4;

/** Whether browsers play these pictures as they are. */
export function isPlayable({ codec, config, rate, rotation }: FilmFacts): boolean {
  if (codec !== 'h264' || config === null || rotation !== 0 || rate > FASTEST) return false;
  const sets = readAvcConfig(config);
  if (sets?.lengthBytes !== LENGTH_BYTES || sets.pictures.length === 0) return false;
  const sequences = sets.sequences.map(readAvcSequence);
  return sequences.length > 0 && sequences.every((sequence) => sequence !== null && isCommon(sequence));
}

const isCommon = ({ profile, level, chromaFormat, bitDepth, isProgressive }: AvcSequence): boolean =>
  PROFILES.includes(profile) && level <= HIGHEST_LEVEL && chromaFormat === 1 && bitDepth === 8 && isProgressive;

/** Whether a first picture that belongs at `start` may be shown from 0 on instead. */
export const mayBeginAt = (start: Seconds): boolean => start + UNSEEN >= 0 && start <= LONGEST_PICTURE;

/** Whether a piece is short and small enough to be a segment. */
export const isBounded = ({ duration, bytes }: FilmPiece): boolean =>
  duration > 0 && duration <= LONGEST_PIECE && (bytes * 8) / Math.max(1, duration) <= MOST_BITS;

/** The first multiple of a segment behind `at`. */
export const nextCut = (at: Seconds): Seconds => (Math.floor((at + UNSEEN / 2) / SEGMENT) + 1) * SEGMENT;
