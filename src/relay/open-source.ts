import type { Link } from '../sign/link.ts';
import type { Source } from '../source/record.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import type { Request } from './reply.ts';

/** The source of a link, and a note of how long that took. Throws what `Sources.open` does, or `Sources.openAny`. */
export async function openSource(
  link: Link,
  request: Request,
  baton: Baton,
  { meter }: Notes,
  how: 'open' | 'openAny' = 'open',
): Promise<Source> {
  const startedAt = performance.now();
  const source = await baton.sources[how](link.source, request.signal, meter);
  meter.probeMs = performance.now() - startedAt;
  return source;
}
