import { BatonError } from '../errors.ts';
import { NO_SCOPE, scopeOf, vocabulary, type Scope } from './rss-namespaces.ts';
import type { AttributePlace } from './rss-tag.ts';

/** The root element of a feed. */
export interface FeedRoot {
  readonly kind: 'root';
  readonly format: 'rss' | 'atom' | 'rdf';
  readonly scope: Scope;
  /** Behind the name of the element, where an attribute can be inserted. */
  readonly at: number;
}

/** An item or entry that has an enclosure. Places are characters, counted from the start of the feed. */
export interface FeedItem {
  readonly kind: 'item';
  readonly start: number;
  /** Of the end tag, before which elements can be inserted. */
  readonly end: number;
  readonly scope: Scope;
  readonly enclosures: readonly Enclosure[];
  /** It has `podcast:chapters` already. */
  readonly hasChapters: boolean;
  readonly about: About;
  /** What was said of the feed before this item. */
  readonly channel: About;
}

/** An enclosure as it stands in the feed. */
export interface Enclosure {
  readonly url: string;
  readonly type: string | null;
  /** Of its attributes, of which `url` is the one that names the file: in Atom, `href`. */
  readonly places: {
    readonly url: AttributePlace;
    readonly length: AttributePlace | null;
    readonly type: AttributePlace | null;
  };
}

/** Texts of an item or a feed, the first of each. */
export type About = Partial<Record<AboutKey, string>>;
type AboutKey = 'title' | 'author' | 'image' | 'duration' | 'published';

/** A start tag. */
export interface StartTag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly start: number;
  /** Null when they cannot be told. */
  readonly places: () => ReadonlyMap<string, AttributePlace> | null;
}

/** Follows the elements of a feed. */
export interface FeedElements {
  /** The root, an item that has come to its end, or null. Throws FEED_INVALID for the root of something else. */
  open(tag: StartTag): FeedRoot | null;
  text(text: string): void;
  close(tagStart: number): FeedItem | null;
  depth(): number;
  /** How many prefixes are declared where one is. */
  prefixes(): number;
  /** Start of the item that has not come to its end. */
  openItem(): number | null;
  /** Leaves that item out. */
  skipItem(): void;
}

const MAX_ITEMS = 10_000;
const MAX_ENCLOSURES = 32;
const MAX_TEXT = 2_000;

interface Shape {
  readonly format: FeedRoot['format'];
  readonly item: string;
  /** Of an item. */
  readonly depth: number;
  readonly enclosure: string;
  readonly url: string;
}

const SHAPES: ReadonlyMap<string, Shape> = new Map([
  ['rss', { format: 'rss', item: 'item', depth: 3, enclosure: 'enclosure', url: 'url' }],
  ['feed', { format: 'atom', item: 'entry', depth: 2, enclosure: 'link', url: 'href' }],
  ['RDF', { format: 'rdf', item: '', depth: 2, enclosure: '', url: '' }], // RSS 1.0 knows no enclosures
]);

interface Element {
  readonly prefix: string;
  readonly local: string;
  readonly scope: Scope;
}

type Open<T> = { -readonly [key in keyof T]: T[key] };

/** Of letters whose meaning `decode` gives. */
export function feedElements(decode: (text: string) => string): FeedElements {
  const path: Element[] = [];
  const channel: About = {};
  let shape: Shape | undefined;
  let home: string | undefined;
  let items = 0;
  let item: (Open<FeedItem> & { enclosures: Enclosure[] }) | null = null;
  let saying: { of: About; key: AboutKey; depth: number; text: string } | null = null;

  function open(tag: StartTag): FeedRoot | null {
    const colon = tag.name.indexOf(':');
    const scope = scopeOf(path.at(-1)?.scope ?? NO_SCOPE, tag.attributes);
    const element = { prefix: tag.name.slice(0, Math.max(0, colon)), local: tag.name.slice(colon + 1), scope };
    path.push(element);
    if (path.length === 1) return openRoot(element, tag);
    if (shape === undefined) return null;
    if (path.length === shape.depth && isOwn(element, shape.item) && items < MAX_ITEMS) openItem(tag.start, scope);
    else listen(element, tag);
    return null;
  }

  function openRoot({ local, prefix, scope }: Element, { name, start }: StartTag): FeedRoot {
    shape = SHAPES.get(local);
    if (shape === undefined) throw new BatonError('FEED_INVALID', `root element ${name.slice(0, 80)}`);
    home = scope.get(prefix);
    return { kind: 'root', format: shape.format, scope, at: start + 1 + name.length };
  }

  /** Of the namespace of the root, or of none where that has none. */
  const isOwn = ({ prefix, local, scope }: Element, name: string): boolean =>
    local === name && scope.get(prefix) === home && (home !== undefined || prefix === '');

  function openItem(start: number, scope: Scope): void {
    items++;
    item = { kind: 'item', start, end: start, scope, enclosures: [], hasChapters: false, about: {}, channel };
  }

  function listen(element: Element, tag: StartTag): void {
    const level = path.length - (shape?.depth ?? 0);
    if (level < 0 || level > 1 || (item === null) !== (level === 0)) return;
    const owner = vocabulary(element.scope, element.prefix);
    if (item !== null && owner === 'podcast' && element.local === 'chapters') item.hasChapters = true;
    if (item !== null && isOwn(element, shape?.enclosure ?? '')) addEnclosure(item.enclosures, tag);
    const of = item?.about ?? channel;
    const key = isOwn(element, element.local)
      ? OWN.get(element.local)
      : owner === 'itunes'
        ? ITUNES.get(element.local)
        : undefined;
    if (key === undefined || of[key] !== undefined) return;
    if (key !== 'image') saying = { of, key, depth: path.length, text: '' };
    else if (tag.attributes['href'] !== undefined) of.image = decode(tag.attributes['href']).trim();
  }

  function addEnclosure(enclosures: Enclosure[], { attributes, places }: StartTag): void {
    if (shape?.format === 'atom' && attributes['rel'] !== 'enclosure') return;
    const at = enclosures.length < MAX_ENCLOSURES ? places() : null;
    const url = at?.get(shape?.url ?? '');
    if (at === null || url === undefined) return;
    const type = attributes['type'] === undefined ? null : decode(attributes['type']);
    const rest = { length: at.get('length') ?? null, type: at.get('type') ?? null };
    enclosures.push({ url: decode(attributes[shape?.url ?? ''] ?? '').trim(), type, places: { url, ...rest } });
  }

  function text(more: string): void {
    if (saying?.depth === path.length && saying.text.length < MAX_TEXT) saying.text += more;
  }

  function close(tagStart: number): FeedItem | null {
    if (saying?.depth === path.length) {
      saying.of[saying.key] = decode(saying.text.slice(0, MAX_TEXT)).trim();
      saying = null;
    }
    path.pop();
    if (item === null || path.length !== (shape?.depth ?? 0) - 1) return null;
    const whole = { ...item, end: tagStart };
    item = null;
    return whole.enclosures.length > 0 ? whole : null;
  }

  return {
    open,
    text,
    close,
    depth: () => path.length,
    prefixes: () => path.at(-1)?.scope.size ?? 0,
    openItem: () => item?.start ?? null,
    skipItem: () => {
      item = null;
      saying = null;
    },
  };
}

const OWN: ReadonlyMap<string, AboutKey> = new Map([
  ['title', 'title'],
  ['pubDate', 'published'],
  ['published', 'published'],
  ['updated', 'published'],
]);
const ITUNES: ReadonlyMap<string, AboutKey> = new Map([
  ['author', 'author'],
  ['duration', 'duration'],
  ['image', 'image'],
]);
