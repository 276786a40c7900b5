import type { BatonError } from '../errors.ts';
import type { Milliseconds, Seconds } from '../units.ts';

/** What a framed stream tells its player between the fragments; times are of the presentation, tokens resume there. */
export type StreamEvent =
  | StartEvent
  | MetadataEvent
  /** Where the next frame is; sent at least once a second. */
  | { readonly type: 'position'; readonly time: Seconds; readonly token: string; readonly live?: LiveWindow }
  /** The leg will end there: the next one may be opened now. */
  | { readonly type: 'closing'; readonly time: Seconds; readonly token: string }
  | { readonly type: 'discontinuity'; readonly time: Seconds; readonly missingMs: Milliseconds; readonly why: string }
  | ErrorEvent
  /** The last word of a leg, and of a stream. */
  | { readonly type: 'end'; readonly reason: 'leg'; readonly time: Seconds; readonly token: string }
  | { readonly type: 'end'; readonly reason: 'eos'; readonly time: Seconds };

/** The first word of every body. */
export interface StartEvent {
  readonly type: 'start';
  /** Where what the listener does not have yet begins, and which frame that is. */
  readonly time: Seconds;
  readonly frame: number;
  /** Of the whole presentation; null while it is not known. */
  readonly duration: Seconds | null;
  /** As in the `codecs` parameter of a media type (RFC 6381). */
  readonly codec: string;
  /** Bits a second. */
  readonly bitrate: number;
  /** Names the version of the source. */
  readonly version: string;
  /** How much sound a leg brings; null when the body goes on to the end of the stream. */
  readonly legSeconds: Seconds | null;
  /** Of a channel. */
  readonly live?: LiveWindow;
  /** The pictures beside the sound, in square pixels; `codec` and `bitrate` above are those of both. */
  readonly video?: { readonly width: number; readonly height: number; readonly frameRate: number };
}

/** What of a channel can be heard at present. */
export interface LiveWindow {
  readonly from: Seconds;
  readonly to: Seconds;
  /** How far behind its end a listener who wants what is on now is best off. */
  readonly behind: Seconds;
}

/** What the source says of itself; of a channel, from `time` on. */
export interface MetadataEvent {
  readonly type: 'metadata';
  readonly time?: Seconds;
  /** Of a channel: who sends it. */
  readonly station?: string;
  readonly title?: string;
  readonly artist?: string;
  readonly album?: string;
  readonly chapters: readonly { readonly start: Seconds; readonly end: Seconds; readonly title: string }[];
}

/** The last word of a body that cannot be gone on with. */
export interface ErrorEvent {
  readonly type: 'error';
  readonly code: BatonError['code'];
  readonly message: string;
  readonly retryAfterSeconds: Seconds | null;
  /** Null when asking again is of no use. */
  readonly token: string | null;
}
