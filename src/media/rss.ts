import sax from 'sax';
import { BatonError } from '../errors.ts';
import { feedElements, type FeedItem, type FeedRoot } from './rss-items.ts';
import { attributePlaces } from './rss-tag.ts';

/** Finds what Baton may change in a feed. */
export interface FeedScanner {
  /** Reads on, and gives the root and the items that end in `text`. Throws FEED_INVALID, FEED_DTD. */
  write(text: string): readonly (FeedRoot | FeedItem)[];
  /** Throws FEED_INVALID when no feed has begun. One that breaks off is whole as far as it goes. */
  end(): void;
  /** Start of the item that has not come to its end; of the feed before its root. */
  openItem(): number | null;
  /** Leaves that item out. */
  skipItem(): void;
}

const MAX_PROLOG = 262_144;
const MAX_TAG = 65_536;
const MAX_DEPTH = 128;
const MAX_ATTRIBUTES = 256;
/** Every element that declares one more copies all of them. */
const MAX_PREFIXES = 256;
/** What sax would give as one comment or instruction; nobody wants it. */
const MAX_UNWANTED = 4_096;
/** Sax looks at the length of what it holds behind each of these. */
const STEP = 16_384;

/** Kept by sax, though its types do not say so. */
interface Parser extends sax.SAXParser {
  readonly state: number;
  readonly doctype: string | true;
  readonly sgmlDecl: string;
  comment: string;
  procInstBody: string;
}

const { STATE } = sax as unknown as { readonly STATE: Readonly<Record<string, number>> };
/** Entities that no DTD defines are taken for text, as readers of feeds do. */
const IN_ENTITY = new Set([STATE['TEXT_ENTITY'], STATE['ATTRIB_VALUE_ENTITY_Q']]);
/** So is an `&` that begins none, behind which sax would miss a tag. It stands for itself as a character that is none. */
const STRAY = /&(?!#\d{1,8};|#[xX][0-9A-Fa-f]{1,7};|[A-Za-z][A-Za-z0-9]{0,31};)/g;
const AMPERSAND = '\uffff';
const MAYBE_STRAY = /&[#A-Za-z0-9]{0,32}$/;

/**
 * A scanner for text whose letters `decode` gives their meaning. From the first fault in the markup on it finds nothing
 * more: readers that go on there do not agree how.
 */
export function feedScanner(decode: (text: string) => string): FeedScanner {
  const parser = sax.parser(true) as Parser;
  const elements = feedElements((text) => decode(text).replaceAll(AMPERSAND, '&'));
  let found: (FeedRoot | FeedItem)[] = [];
  let hasRoot = false;
  let isOver = false;
  let attributes = 0;
  parser.startTagPosition = 0;
  let kept = '';
  let held = '';
  let heldFrom = 0;

  const stop = (why: string): void => {
    if (!hasRoot) throw isDtd(parser.doctype) ? dtd() : new BatonError('FEED_INVALID', why);
    isOver = true;
    elements.skipItem();
  };
  parser.onerror = ({ message }) => {
    Object.assign(parser, { error: null });
    if (parser.state === STATE['DOCTYPE'] && hasRoot) throw dtd();
    if (!IN_ENTITY.has(parser.state)) stop(message);
  };
  parser.ondoctype = (doctype) => {
    throw isDtd(doctype) ? dtd() : new BatonError('FEED_INVALID', 'a web page');
  };
  parser.onsgmldeclaration = (declaration) => {
    if (DECLARATION.test(declaration)) throw dtd();
    stop(`<!${declaration.slice(0, 80)}`);
  };
  parser.onopentagstart = () => (attributes = 0);
  parser.onattribute = () => {
    if (++attributes > MAX_ATTRIBUTES) stop('too many attributes');
  };
  parser.onopentag = (tag) => {
    if (isOver) return;
    const start = parser.startTagPosition - 1;
    const places = () => attributePlaces(held.slice(start - heldFrom, parser.position - heldFrom), start);
    const root = elements.open({ ...(tag as sax.Tag), start, places });
    hasRoot = true;
    if (root !== null) found.push(root);
    if (elements.depth() > MAX_DEPTH) stop('too deep');
    else if (elements.prefixes() > MAX_PREFIXES) stop('too many namespaces');
  };
  parser.onclosetag = () => {
    if (isOver) return;
    const item = elements.close(parser.startTagPosition - 1);
    if (item !== null) found.push(item);
    isOver = elements.depth() === 0;
  };
  parser.ontext = parser.oncdata = (text) => elements.text(text);

  function step(text: string): void {
    const keptFrom = Math.max(heldFrom, parser.startTagPosition - 1, parser.position - MAX_TAG);
    held = held.slice(keptFrom - heldFrom) + text;
    heldFrom = keptFrom;
    try {
      parser.write(text);
    } catch (thrown) {
      if (thrown instanceof BatonError) throw thrown;
      stop(String(thrown)); // sax takes some names of attributes for its own
    }
    if (hasRoot && DECLARATION.test(parser.sgmlDecl)) throw dtd(); // sax never finds its end
    if (parser.comment.length > MAX_UNWANTED) parser.comment = '';
    if (parser.procInstBody.length > MAX_UNWANTED) parser.procInstBody = '';
    if (!hasRoot && parser.position > MAX_PROLOG) stop('no root element');
  }

  return {
    write: (more) => {
      const all = kept + more;
      kept = MAYBE_STRAY.exec(all)?.[0] ?? '';
      const text = all.slice(0, all.length - kept.length).replace(STRAY, AMPERSAND);
      for (let at = 0; at < text.length && !isOver; at += STEP) step(text.slice(at, at + STEP));
      const parts = found;
      found = [];
      return parts;
    },
    end: () => {
      if (!hasRoot) stop('no root element');
    },
    openItem: () => (hasRoot ? elements.openItem() : 0),
    skipItem: () => elements.skipItem(),
  };
}

const DECLARATION = /^(?:ENTITY|ELEMENT|ATTLIST|NOTATION)\b/i;

/** Web pages begin like that, too. */
const isDtd = (doctype: string | true): boolean =>
  typeof doctype === 'string' && doctype !== '' && !/^\s*html\b/i.test(doctype);

const dtd = (): BatonError => new BatonError('FEED_DTD');
