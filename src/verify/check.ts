import type { Site } from './site.ts';

/** What a check came to: what was seen and, of a failure, what it means and what to do about it. */
export type Seen =
  | { readonly result: 'ok' | 'note' | 'n.a.'; readonly seen: string }
  | { readonly result: 'fail'; readonly seen: string; readonly means: string };

/** One thing that a deployment must do. */
export interface Check {
  /** For `--json` and tests. */
  readonly id: string;
  readonly title: string;
  /** What links it is about: virtual files, framed streams, or both. */
  readonly about: 'file' | 'framed' | 'both';
  /** May throw what `site.ask` throws. */
  run(site: Site): Promise<Seen>;
}

export const ok = (seen: string): Seen => ({ result: 'ok', seen });
export const note = (seen: string): Seen => ({ result: 'note', seen });
export const notApplicable = (seen: string): Seen => ({ result: 'n.a.', seen });
export const fail = (seen: string, means: string): Seen => ({ result: 'fail', seen, means });
