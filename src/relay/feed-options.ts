import { BatonError } from '../errors.ts';
import { formatRendition, parseRendition, type CodedRendition, type Rendition } from '../grid/rendition.ts';
import { formatHlsFileOptions, parseHlsFileOptions } from './hls-options.ts';

/** What a feed link asks for. */
export interface FeedOptions {
  /** `feed`: the feed itself; `playlist`: its episodes as JSON; `chapters`: those of one episode, whose source the link has. */
  readonly view: 'feed' | 'playlist' | 'chapters';
  /** Canonical options of an enclosure; null for the chapters of a whole episode. */
  readonly rendition: string | null;
  /** Further renditions of each episode, of which those are offered that are smaller. */
  readonly alternates: readonly string[];
  /** Canonical options of the HLS that each episode is offered as, too; null: none is. */
  readonly hls: string | null;
  /** The station that is listed as live, as `fallback` in the options of a channel; null: none is. */
  readonly station: string | null;
  /** Of a playlist. */
  readonly items: number;
}

const ALTERNATES = ['all', 'mp3', 'none', 'opus'] as const;
type Alternates = (typeof ALTERNATES)[number];

const OWN_KEYS = ['alternates', 'hls', 'station', 'view', 'items'];
const DATA_SAVERS = { opus: 'codec.opus~bitrate.32k', mp3: 'codec.mp3~bitrate.64k' } as const;
const ITEMS = 50;
const MAX_ITEMS = 500;

/**
 * Reads the options of a feed link: those of a file, then the feed's own in this order, where what is usual is left out,
 * such as `codec.mp3~bitrate.96k~alternates.none` or `codec.mp3~bitrate.96k~view.playlist~items.20`.
 * @throws OPTIONS_INVALID
 */
export function parseFeedOptions(options: string): FeedOptions {
  const pairs = options.split('~');
  const firstOwn = pairs.findIndex((pair) => OWN_KEYS.includes(keyOf(pair)));
  const rendition = firstOwn < 0 ? options : pairs.slice(0, firstOwn).join('~');
  const own = new Map(firstOwn < 0 ? [] : pairs.slice(firstOwn).map((pair) => [keyOf(pair), valueOf(pair)]));
  const view = viewOf(own.get('view'));
  const alternates = alternatesOf(own.get('alternates'));
  const items = itemsOf(own.get('items'));
  const hasHls = own.get('hls') === 'yes';
  const station = own.get('station') ?? null;
  if (station !== null && !/^\.?[A-Za-z0-9_-]+$/.test(station)) throw invalid('station is an address in base64url');
  if (format(rendition, { alternates, hasHls, station, view, items }) !== options)
    throw invalid(`not in canonical form: ${options}`);
  if (view !== 'feed' && own.has('alternates')) throw invalid('alternates go with the feed itself');
  if (view !== 'feed' && (hasHls || station !== null)) throw invalid('hls and station go with the feed itself');
  if (view !== 'playlist' && own.has('items')) throw invalid('items go with view playlist');
  if (rendition === '' && view === 'chapters')
    return { view, rendition: null, alternates: [], hls: null, station, items };
  const main = parseRendition(rendition);
  if (view === 'feed') requireLength(main);
  const others = view === 'feed' ? dataSavers(main, alternates) : [];
  return { view, rendition, alternates: others, hls: hasHls ? hlsOf(main) : null, station, items };
}

/** The options of the chapters of an enclosure, on the timeline of that enclosure. */
export function chaptersOptions(rendition: string): string {
  const main = parseRendition(rendition);
  const isWhole = main.codec === 'copy' || (main.startMs === 0 && main.endMs === null);
  return isWhole ? 'view.chapters' : `${rendition}~view.chapters`;
}

const keyOf = (pair: string): string => pair.split('.', 1)[0] ?? '';
const valueOf = (pair: string): string => pair.slice(keyOf(pair).length + 1);

interface Own {
  readonly alternates: Alternates;
  readonly hasHls: boolean;
  readonly station: string | null;
  readonly view: FeedOptions['view'];
  readonly items: number;
}

function format(rendition: string, own: Own): string {
  const pairs = rendition === '' ? [] : [rendition];
  if (own.alternates !== 'all') pairs.push(`alternates.${own.alternates}`);
  if (own.hasHls) pairs.push('hls.yes');
  if (own.station !== null) pairs.push(`station.${own.station}`);
  if (own.view !== 'feed') pairs.push(`view.${own.view}`);
  if (own.items !== ITEMS) pairs.push(`items.${own.items}`);
  return pairs.join('~');
}

function alternatesOf(text: string | undefined): Alternates {
  const value = ALTERNATES.find((known) => known === (text ?? 'all'));
  if (value === undefined) throw invalid(`alternates must be one of ${ALTERNATES.join(', ')}`);
  return value;
}

function viewOf(text: string | undefined): FeedOptions['view'] {
  if (text === undefined) return 'feed';
  if (text === 'playlist' || text === 'chapters') return text;
  throw invalid('view must be playlist or chapters');
}

function itemsOf(text: string | undefined): number {
  const value = Number(text ?? ITEMS);
  if (/^[1-9]\d{0,2}$/.test(text ?? `${ITEMS}`) && value <= MAX_ITEMS) return value;
  throw invalid(`items must be a number from 1 to ${MAX_ITEMS}`);
}

/** An enclosure states its type and length. */
function requireLength({ codec }: Rendition): void {
  if (codec === 'aac' || codec === 'auto')
    throw invalid(`enclosures have a type and a length, which ${codec} does not promise`);
}

/** With the channels and the trim of the main one. */
function dataSavers(main: Rendition, which: Alternates): readonly string[] {
  if (which === 'none') return [];
  const wanted = which === 'all' ? [DATA_SAVERS.opus, DATA_SAVERS.mp3] : [DATA_SAVERS[which]];
  const edits = main.codec === 'copy' ? {} : { channels: main.channels, startMs: main.startMs, endMs: main.endMs };
  const options = wanted.map((saver) => formatRendition({ ...parseRendition(saver), ...edits }));
  return options.filter((option) => option !== formatRendition(main));
}

/** In every bitrate, with the channels and the trim of the main one. */
function hlsOf(main: Rendition): string {
  if (main.codec === 'copy') return '';
  const { channels, startMs, endMs } = main;
  const { audio } = parseHlsFileOptions('');
  const [first, ...others] = audio;
  const edited = (rendition: CodedRendition): CodedRendition => ({ ...rendition, channels, startMs, endMs });
  return formatHlsFileOptions({ audio: [edited(first), ...others.map(edited)] });
}

const invalid = (detail: string): BatonError => new BatonError('OPTIONS_INVALID', detail);
