import type { BatonError, FailureCode } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { hasPictures } from './format.ts';
import type { Hello } from './message.ts';

/** How a publisher comes in: with the protocol of docs/ingest.md, or as a source client of Icecast does. */
export type Door = 'websocket' | 'icecast';

/** A line of the log about one connection of a publisher. */
export type PublisherRecord = OnAirRecord | LeftRecord | RefusedRecord;

interface About {
  readonly time: string;
  readonly kind: 'ingest';
  readonly via: Door;
  /** As the publisher says; null: it has not said. */
  readonly channel: string | null;
  readonly show: string | null;
}

/** The channel is the publisher's. */
export interface OnAirRecord extends About {
  readonly event: 'on-air';
  readonly container: string;
  /** Null: the container tells. */
  readonly codec: string | null;
  readonly pictures: boolean;
  /** How often the show has been taken up again so far. */
  readonly resumes: number;
  /** Whether somebody with another show was sent away for it. */
  readonly tookOver: boolean;
}

/** The connection of somebody who had the channel is over. */
export interface LeftRecord extends About, Stay {
  readonly event: 'left';
  /** `gone`: the connection broke, or was given up. */
  readonly reason: 'ended' | 'gone' | FailureCode;
  /** For the log alone; see BatonError. */
  readonly detail?: string;
}

/** Somebody was sent away before they had a channel. */
export interface RefusedRecord extends About {
  readonly event: 'refused';
  readonly error: FailureCode;
  readonly detail?: string;
}

/** What a connection has brought. */
export interface Stay {
  readonly totalMs: Milliseconds;
  /** Of sound and pictures. */
  readonly bytes: Bytes;
  readonly messages: number;
  readonly resumes: number;
}

/** What a connection has said of itself: nothing of that is secret. */
export type Said = Pick<Hello, 'channel' | 'show'>;

export function onAirRecord(
  now: Milliseconds,
  via: Door,
  hello: Pick<Hello, 'channel' | 'show' | 'format'>,
  { resumes, tookOver }: Pick<OnAirRecord, 'resumes' | 'tookOver'>,
): PublisherRecord {
  const { format } = hello;
  const codec = 'codec' in format ? format.codec : null;
  return {
    ...{ ...about(now, via, hello), event: 'on-air', container: format.container, codec },
    ...{ pictures: hasPictures(format), resumes, tookOver },
  };
}

export const leftRecord = (
  now: Milliseconds,
  via: Door,
  said: Said,
  reason: 'ended' | 'gone' | BatonError,
  { totalMs, bytes, messages, resumes }: Stay,
): PublisherRecord => ({
  ...{ ...about(now, via, said), event: 'left', totalMs, bytes, messages, resumes },
  ...(typeof reason === 'string' ? { reason } : { reason: reason.code, ...detailOf(reason) }),
});

export const refusedRecord = (now: Milliseconds, via: Door, said: Said | null, error: BatonError): PublisherRecord => ({
  ...{ ...about(now, via, said), event: 'refused', error: error.code, ...detailOf(error) },
});

const about = (now: Milliseconds, via: Door, said: Said | null): About => ({
  ...{ time: new Date(now).toISOString(), kind: 'ingest', via },
  ...{ channel: said?.channel ?? null, show: said?.show ?? null },
});

const detailOf = ({ detail }: BatonError): { readonly detail?: string } => (detail === '' ? {} : { detail });
