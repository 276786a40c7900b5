import { BatonError } from '../errors.ts';
import { splitPictures } from '../grid/picture-option.ts';
import { parseRendition } from '../grid/rendition.ts';
import { serverTiming } from '../meter/usage.ts';
import type { Link } from '../sign/link.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { following } from './body.ts';
import { collect, collecting } from './collect.ts';
import { readPlace } from './framed-place.ts';
import { framedPictures, withSilence } from './framed-pictures.ts';
import { legParts } from './framed-stream.ts';
import { legBody } from './leg-body.ts';
import { openSource } from './open-source.ts';
import type { Headers, Reply, Request } from './reply.ts';

/**
 * An episode as a stream of fragments with events between them: the whole, or from a place of the link one leg of it. A
 * GET's head waits for the first frame, so that a failure still has a status. What is sent as one piece is a leg as
 * short as there is time for.
 */
export async function framed(request: Request, link: Link, baton: Baton, notes: Notes): Promise<Reply> {
  const place = readPlace(link, baton.keys);
  const { sound, lines } = splitPictures(link.options);
  const found = await openSource(link, request, baton, notes, lines === null ? 'open' : 'openAny');
  const source = found.record.isSilent === true ? await withSilence(found, request, baton, notes) : found;
  const wanted = baton.files(source, sound, 'mp4');
  const type = lines === null ? 'audio/mp4' : 'video/mp4';
  const headers: Headers = { 'content-type': type, 'cache-control': 'no-store', 'accept-ranges': 'none' };
  if (request.method === 'HEAD') {
    baton.sources.startIndex(source);
    return { status: 200, headers, body: null };
  }
  using ends = collecting(request, true);
  const edits = parseRendition(sound);
  if (edits.codec === 'copy') throw new BatonError('OPTIONS_INVALID', 'copy in fragments');
  const pictures = lines === null ? null : await framedPictures(source, lines, edits, request, baton, notes);
  const parts = legParts({ wanted, place, link, limits: request.limits, baton, notes, pictures });
  const body = legBody(parts, ends, notes);
  const first = await body.next();
  headers['server-timing'] = serverTiming(notes.meter);
  baton.sources.startIndex(source);
  const whole = following(first.done === true ? [] : [first.value], body);
  return { status: 200, headers, body: ends.together === true ? await collect(whole, true) : whole };
}
