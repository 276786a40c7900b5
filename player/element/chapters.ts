import type { Chapter } from '../playback.ts';

/**
 * The chapters that `value` lists, in order of time: podcast JSON chapters 1.2 (`{ chapters: [{ startTime, title }] }`)
 * or a bare list, also of `{ start, end, title }`. What is not a chapter, or is kept off the table of contents
 * (`toc: false`), is left out; a chapter without an end goes on to the next one.
 */
export function parseChapters(value: unknown): readonly Chapter[] {
  const list: unknown = Array.isArray(value) ? value : (value as { chapters?: unknown } | null)?.chapters;
  if (!Array.isArray(list)) return [];
  const known = (list as unknown[]).flatMap(readChapter).sort((a, b) => a.start - b.start);
  return known.map(({ start, end, title }, i) => ({ start, end: end ?? known[i + 1]?.start ?? Infinity, title }));
}

interface Written {
  readonly startTime?: unknown;
  readonly start?: unknown;
  readonly endTime?: unknown;
  readonly end?: unknown;
  readonly title?: unknown;
  readonly toc?: unknown;
}

function readChapter(value: unknown): { start: number; end: number | null; title: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const { startTime, start = startTime, endTime, end = endTime, title, toc } = value as Written;
  if (typeof start !== 'number' || !(start >= 0) || toc === false) return [];
  const until = typeof end === 'number' && end > start ? end : null;
  return [{ start, end: until, title: typeof title === 'string' ? title : '' }];
}
