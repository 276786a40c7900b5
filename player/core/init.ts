import { findBox, viewOf } from './boxes.ts';

/** What has to be known of an init segment. */
export interface Init {
  /** Samples in front of the presentation, by the edit list (version 0 of ISO/IEC 14496-12 section 8.6.6). */
  readonly priming: number;
  /** Of a sample whose fragment does not say; in ticks. */
  readonly sampleTicks: number;
  /** Equal for segments that one decoder reads without being set up anew. */
  readonly decoder: string;
}

/** Media time of every framed stream: ticks a second. */
export const TIMESCALE = 48_000;

/** Reads a `moov`. */
export function readInit(moov: Uint8Array): Init {
  const view = viewOf(moov);
  const [edit, defaults, description] = [
    findBox(moov, 'trak', 'edts', 'elst'),
    findBox(moov, 'mvex', 'trex'),
    findBox(moov, 'trak', 'mdia', 'minf', 'stbl', 'stsd'),
  ];
  return {
    priming: edit === -1 ? 0 : view.getInt32(edit + 20),
    sampleTicks: defaults === -1 ? 0 : view.getUint32(defaults + 20),
    decoder:
      description === -1
        ? ''
        : String.fromCharCode(...moov.subarray(description, description + view.getUint32(description))),
  };
}
