import { readAvcConfig, readAvcSequence, type AvcSequence } from '../media/avc.ts';
import { lengthPrefixed } from '../media/annex-b.ts';
import type { PictureCoding } from '../media/picture-entry.ts';

/**
 * Pictures for a decoder that was told of `told`: those of H.264 with other parameter sets have them before each key
 * picture. Null where they are of another codec or size, which a decoder of one stream does not take.
 */
export function withSets<P extends { readonly bytes: Uint8Array; readonly isKey: boolean }>(
  pictures: readonly P[],
  coding: PictureCoding,
  told: PictureCoding,
): readonly P[] | null {
  if (isEqual(coding.config, told.config) && coding.codec === told.codec) return pictures;
  if (coding.codec !== 'h264' || told.codec !== 'h264') return null;
  const sets = coding.config && readAvcConfig(coding.config);
  if (sets === null || shapeOf(coding) !== shapeOf(told)) return null;
  const before = lengthPrefixed([...sets.sequences, ...sets.pictures]);
  return pictures.map((one) => (one.isKey ? { ...one, bytes: Buffer.concat([before, one.bytes]) } : one));
}

const isEqual = (one: Uint8Array | null, other: Uint8Array | null): boolean =>
  one === other || (one !== null && other !== null && Buffer.compare(one, other) === 0);

/** What a decoder is set up for. */
function shapeOf({ config }: PictureCoding): string {
  const [set] = (config && readAvcConfig(config)?.sequences) ?? [];
  const sequence: AvcSequence | null = set === undefined ? null : readAvcSequence(set);
  return JSON.stringify(sequence && [sequence.width, sequence.height, sequence.chromaFormat, sequence.bitDepth]);
}
