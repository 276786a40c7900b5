import type { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { Hello } from './message.ts';
import { leftRecord, onAirRecord, refusedRecord, type Door, type PublisherRecord } from './publisher-record.ts';

/** What is noted of one connection of a publisher. */
export interface Attendance {
  said(hello: Hello): void;
  /** It has the channel. */
  onAir(facts: { readonly resumes: number; readonly tookOver: boolean }): void;
  took(bytes: Bytes): void;
  /** What is said of it later is not noted. */
  over(reason: 'ended' | 'gone' | BatonError): void;
}

/** Tells `note` when the publisher goes on air and leaves, or is refused; somebody who goes without a word is not told of. */
export function attendance(via: Door, now: () => Milliseconds, note: (record: PublisherRecord) => void): Attendance {
  let hello: Hello | null = null;
  let seat: { readonly resumes: number; readonly since: Milliseconds } | null = null;
  let [bytes, messages] = [0, 0];
  let isOver = false;
  return {
    said: (message) => (hello = message),
    onAir: (facts) => {
      if (hello === null || isOver) return;
      seat = { resumes: facts.resumes, since: now() };
      note(onAirRecord(now(), via, hello, facts));
    },
    took: (count) => {
      bytes += count;
      messages += 1;
    },
    over: (reason) => {
      if (isOver) return;
      isOver = true;
      if (hello !== null && seat !== null) {
        const stay = { totalMs: now() - seat.since, bytes, messages, resumes: seat.resumes };
        note(leftRecord(now(), via, hello, reason, stay));
      } else if (typeof reason !== 'string') note(refusedRecord(now(), via, hello, reason));
    },
  };
}
