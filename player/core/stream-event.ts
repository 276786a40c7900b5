import { viewOf } from './boxes.ts';
import type { Chapter } from './engine.ts';

const SCHEME = 'urn:baton:event:2026';

/** What of a channel can be heard at present, and how far behind its end a listener is best off; in seconds. */
export interface LiveWindow {
  readonly from: number;
  readonly to: number;
  readonly behind: number;
}

/** What a framed stream says between its fragments; times in seconds of the presentation. */
export type StreamEvent =
  | {
      readonly type: 'start';
      readonly time: number;
      readonly duration: number | null;
      readonly codec: string;
      readonly version: string;
      /** How much sound a leg brings; null when the body goes on to the end. */
      readonly legSeconds: number | null;
      /** Of a channel. */
      readonly live?: LiveWindow;
    }
  | {
      readonly type: 'metadata';
      readonly title?: string;
      readonly artist?: string;
      /** Of a channel: who sends it, and from when on the rest holds. */
      readonly station?: string;
      readonly time?: number;
      readonly chapters: readonly Chapter[];
    }
  /** `token` resumes exactly at the next sample. */
  | { readonly type: 'position'; readonly time: number; readonly token: string; readonly live?: LiveWindow }
  /** The leg ends at `token`: the next one may be opened. */
  | { readonly type: 'closing'; readonly time: number; readonly token: string }
  | { readonly type: 'discontinuity'; readonly time: number; readonly missingMs: number; readonly why: string }
  /** The last word of a body that failed; without a token it is final. */
  | {
      readonly type: 'error';
      readonly code: string;
      readonly message: string;
      readonly retryAfterSeconds: number | null;
      readonly token: string | null;
    }
  /** The last word of a body that is whole; the stream goes on at `token`, or is over when there is none. */
  | { readonly type: 'end'; readonly time: number; readonly reason: 'leg' | 'eos'; readonly token: string | null };

export type Metadata = StreamEvent & { readonly type: 'metadata' };

/** Reads an `emsg` of version 1 (ISO/IEC 23009-1 section 5.10.3.3); null for other schemes and for unknown events. */
export function readEvent(box: Uint8Array): StreamEvent | null {
  if (box.length < 32 || viewOf(box).getUint8(8) !== 1) return null;
  const schemeEnd = box.indexOf(0, 32);
  const valueEnd = box.indexOf(0, schemeEnd + 1);
  const text = new TextDecoder();
  if (schemeEnd === -1 || valueEnd === -1 || text.decode(box.subarray(32, schemeEnd)) !== SCHEME) return null;
  try {
    return event(JSON.parse(text.decode(box.subarray(valueEnd + 1))));
  } catch {
    return null;
  }
}

/** The fields without which an event says nothing. */
const REQUIRED: Readonly<Record<StreamEvent['type'], Readonly<Record<string, 'number' | 'string'>>>> = {
  start: { time: 'number', codec: 'string' },
  metadata: {},
  position: { time: 'number', token: 'string' },
  closing: { time: 'number', token: 'string' },
  discontinuity: { time: 'number', missingMs: 'number', why: 'string' },
  error: { code: 'string', message: 'string' },
  end: { time: 'number', reason: 'string' },
};

/** The fields that may be absent, as null; what a server adds to them is passed on unseen. */
const ABSENT = { duration: null, legSeconds: null, retryAfterSeconds: null, token: null, version: '' };

function event(said: unknown): StreamEvent | null {
  if (typeof said !== 'object' || said === null) return null;
  const fields = { ...ABSENT, ...said } as Readonly<Record<string, unknown>>;
  const { type } = fields;
  if (typeof type !== 'string' || !Object.hasOwn(REQUIRED, type)) return null;
  const required = Object.entries(REQUIRED[type as StreamEvent['type']]);
  if (required.some(([name, kind]) => typeof fields[name] !== kind)) return null;
  if (type === 'end' && (fields['reason'] === 'leg') !== (typeof fields['token'] === 'string')) return null;
  if (type !== 'metadata') return fields as StreamEvent;
  const { chapters } = fields;
  const texts = Object.entries(said).filter(([name, value]) => typeof value === 'string' || name === 'time');
  const known: object = Object.fromEntries(texts);
  return { ...(known as Metadata), chapters: Array.isArray(chapters) ? chapters.filter(isChapter) : [] };
}

function isChapter(value: unknown): value is Chapter {
  const { start, end, title } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof start === 'number' && typeof end === 'number' && typeof title === 'string';
}
