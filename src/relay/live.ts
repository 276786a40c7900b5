import { BatonError } from '../errors.ts';
import type { LiveStream } from '../live/live-stream.ts';
import { secretOf } from '../sign/keys.ts';
import { isShowAddress } from '../show-address.ts';
import type { Link } from '../sign/link.ts';
import type { Milliseconds } from '../units.ts';
import type { Notes } from './app.ts';
import type { Baton } from './baton.ts';
import { collect } from './collect.ts';
import { readPlace, type Place } from './framed-place.ts';
import { besidePictures } from './live-beside.ts';
import { liveBody } from './live-body.ts';
import { ICY_INTERVAL } from './live-endless.ts';
import type { LegRule } from './live-leg.ts';
import { liveContainerOf, parseLiveOptions, type LiveContainer } from './live-options.ts';
import type { Headers, Reply, Request } from './reply.ts';

/**
 * A channel: a station in another rendition, in fragments with events for players, or as bare frames without end, with
 * titles for those that ask (`Icy-MetaData: 1`). A GET's head waits for the first sound, so that a failure still has a
 * status. Who pays for time sends what there is and ends, unless nobody else makes it.
 */
export async function live(request: Request, baton: Baton, notes: Notes): Promise<Reply> {
  const link = baton.readLink(request.path, baton.now() / 1000);
  if (link.kind !== 'live') throw new BatonError('NOT_FOUND', link.kind);
  const { rendition, lines, fallback } = parseLiveOptions(link.options, secretOf(baton.keys, link.kid));
  const container = liveContainerOf(rendition, link.name);
  if (lines !== null && container !== 'mp4')
    throw new BatonError('OPTIONS_INVALID', 'pictures go into fragments alone');
  notes.rendition = link.options;
  const place = container === 'mp4' ? readPlace(link, baton.keys) : noPlace(link);
  const type = lines === null ? TYPES[container] : 'video/mp4';
  const headers: Headers = { 'content-type': type, 'cache-control': 'no-store', 'accept-ranges': 'none' };
  if (request.method === 'HEAD') return { status: 200, headers, body: null };
  const urls: readonly [string, string?] = fallback === null ? [link.source] : [link.source, fallback];
  const sound = baton.channels.stream(urls, rendition);
  const pictures = lines === null ? null : baton.channels.pictures(urls, lines, sound.output.grid);
  const stream = pictures === null ? sound : besidePictures(sound, pictures);
  const rule = ruleOf(request, container, link, baton);
  const titled = wantsTitles(request);
  const pieces = await liveBody({ request, baton, notes, link, stream, pictures, container, titled, place, rule });
  if (container !== 'mp4') Object.assign(headers, stationHeaders(stream, titled), endless(request));
  return { status: 200, headers, body: request.limits.collectMs === null ? pieces : await collect(pieces, true) };
}

const TYPES: Readonly<Record<LiveContainer, string>> = { mp4: 'audio/mp4', mp3: 'audio/mpeg', adts: 'audio/aac' };

function noPlace(link: Link): Place {
  if (link.place !== null) throw new BatonError('NOT_FOUND', link.place);
  return { kind: 'start' };
}

/** A body that ends with its connection needs nothing around its pieces. */
const endless = ({ limits }: Request): Headers => (limits.takesBroadcasts ? { connection: 'close' } : {});

const wantsTitles = ({ headers }: Request): boolean => headers['icy-metadata']?.trim() === '1';

/** Where time is paid for legs are short and far behind, so that one brings much; else they go on, and are near. */
function ruleOf({ limits, closing }: Request, container: LiveContainer, { source }: Link, baton: Baton): LegRule {
  const { config } = baton;
  const isPaid = limits.isBilledByTime;
  const isFramed = container === 'mp4';
  const nearMs = isShowAddress(source) ? TALK_MS : RADIO_MS;
  const legMs = config.liveLegMs ?? (isPaid ? 90_000 : 3_600_000);
  return {
    heldMs: isPaid && isFramed ? null : isFramed ? legMs : Infinity,
    producingMs: limits.collectMs ?? (isFramed ? legMs : Infinity),
    behind: (config.behindMs ?? (isPaid ? 30_000 : nearMs)) / 1000,
    ahead: isFramed ? AHEAD : null,
    clock: () => performance.now(),
    closing,
    isStopping: () => baton.listeners.isClosed(),
  };
}

/** New listeners begin so far behind a station; and behind who speaks here and waits for what listeners say. */
const RADIO_MS: Milliseconds = 6_000;
const TALK_MS: Milliseconds = 0;

/** Players keep about as much ahead. */
const AHEAD = 40;

function stationHeaders(stream: LiveStream, withTitles: boolean): Headers {
  const { station, epochs } = stream.channel.head.latest() ?? {};
  const kbps = stream.output.timeline?.kbps ?? epochs?.at(-1)?.format.kbps ?? 0;
  return {
    'icy-br': String(kbps),
    ...(station?.name === undefined ? {} : { 'icy-name': headerText(station.name) }),
    ...(station?.genre === undefined ? {} : { 'icy-genre': headerText(station.genre) }),
    ...(station?.url === undefined ? {} : { 'icy-url': headerText(station.url) }),
    ...(withTitles ? { 'icy-metaint': String(ICY_INTERVAL) } : {}),
  };
}

/** What a header may hold: clients take its bytes for ISO 8859-1. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e\xa0-\xff]/g, '?').slice(0, 200);
