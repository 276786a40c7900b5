import type { Milliseconds } from '../units.ts';

/** What identifies the current state of a file. */
export interface Validators {
  /** Strong, with its quotes. */
  readonly etag: string;
  /** From `httpDate`. */
  readonly lastModified: string | null;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** A date is a strong validator when the file had been left alone for this long (RFC 9110 section 8.8.2.2). */
const STRONG_AFTER_MS: Milliseconds = 60_000;

/** True when the listener has this very file: If-None-Match, else If-Modified-Since (RFC 9110 sections 13.1.2, 13.1.3). */
export function isNotModified(headers: Headers, { etag, lastModified }: Validators): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) return tags.trim() === '*' || entityTags(tags).includes(etag);
  const since = headers['if-modified-since'];
  return since !== undefined && lastModified !== null && timeOf(lastModified) <= timeOf(since);
}

/** True when a Range header may be obeyed: no If-Range, or one that matches strongly (RFC 9110 section 13.1.5). */
export function rangeApplies(headers: Headers, { etag, lastModified }: Validators, now: Milliseconds): boolean {
  const condition = headers['if-range']?.trim();
  if (condition === undefined) return true;
  if (condition.startsWith('"') || condition.startsWith('W/')) return condition === etag;
  return condition === lastModified && now - timeOf(lastModified) >= STRONG_AFTER_MS;
}

/** `text` when it is an HTTP date that is not in the future, else null: origins send anything (RFC 9110 section 8.8.2.1). */
export const httpDate = (text: string | null, now: Milliseconds): string | null =>
  text !== null && timeOf(text) <= now ? text : null;

/** Unix time of an HTTP date in its one current form (RFC 9110 section 5.6.7); NaN for anything else. */
function timeOf(text: string): Milliseconds {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toUTCString() === text ? time : NaN;
}

/** If-None-Match compares weakly: W/ does not count. */
const entityTags = (list: string): string[] => list.match(/"[^"]*"/g) ?? [];
