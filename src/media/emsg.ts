import type { Samples } from '../units.ts';
import { fullBox, u32, u64, type Part } from './fmp4-box.ts';
import { SAMPLE_RATE } from './fmp4-entry.ts';

/** An event of Baton on the timeline of a stream at 48 kHz. */
export interface EventMessage {
  /** Counts the events of a body. */
  readonly id: number;
  /** When it happens, on the presentation timeline. */
  readonly time: Samples;
  /** Goes out as JSON. */
  readonly data: unknown;
}

/** Names the events of Baton among those of others. */
export const EVENT_SCHEME = 'urn:baton:event:2026';
const EVENT_VALUE = '1';

/** An event message box of version 1 (ISO/IEC 23009-1 section 5.10.3.3), which stands before the `moof` it belongs to. */
export function emsg({ id, time, data }: EventMessage): Uint8Array {
  const when = [...u32(SAMPLE_RATE), ...u64(time), ...u32(0)]; // timescale, presentation_time, event_duration
  return fullBox('emsg', 1, 0, when, u32(id), text(`${EVENT_SCHEME}\0${EVENT_VALUE}\0`), text(JSON.stringify(data)));
}

const text = (value: string): Part => new TextEncoder().encode(value);
