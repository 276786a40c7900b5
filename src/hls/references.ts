import { BatonError } from '../errors.ts';
import { attributeOf, parseAttributes, type Attribute } from './attributes.ts';
import type { Line } from './lines.ts';

/** What an address in a playlist leads to. */
export type Role = 'playlist' | 'segment' | 'map' | 'part' | 'hint' | 'key' | 'data' | 'steering';

/** An address in a playlist. */
export interface Reference {
  readonly role: Role;
  /** As it stands there, but for quotes. */
  readonly uri: string;
  /** The tag it is in, or that the line follows; '' for the line of a segment. */
  readonly tag: string;
  /** The attribute whose value it is; null where it is a line, or all that the tag says. */
  readonly attribute: string | null;
  readonly attributes: readonly Attribute[];
  /** Where it stands in the text of its line, quotes included; half-open. */
  readonly start: number;
  readonly end: number;
  /** Of the line. */
  readonly number: number;
}

type Kind = 'multivariant' | 'media';

/** Attributes that are addresses, by tag (draft-pantos-hls-rfc8216bis; image streams as Roku has them). */
const IN_ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, Role>>>> = {
  'EXT-X-MEDIA': { URI: 'playlist' },
  'EXT-X-I-FRAME-STREAM-INF': { URI: 'playlist' },
  'EXT-X-IMAGE-STREAM-INF': { URI: 'playlist' },
  'EXT-X-RENDITION-REPORT': { URI: 'playlist' },
  'EXT-X-MAP': { URI: 'map' },
  'EXT-X-PART': { URI: 'part' },
  'EXT-X-PRELOAD-HINT': { URI: 'hint' },
  'EXT-X-KEY': { URI: 'key' },
  'EXT-X-SESSION-KEY': { URI: 'key' },
  'EXT-X-SESSION-DATA': { URI: 'data' },
  'EXT-X-DATERANGE': { 'X-ASSET-URI': 'playlist', 'X-ASSET-LIST': 'data' },
  'EXT-X-CONTENT-STEERING': { 'SERVER-URI': 'steering' },
};

/** Tags whose whole value is the address of a segment to come (low latency without parts). */
const WHOLE: ReadonlySet<string> = new Set(['EXT-X-PREFETCH', 'EXT-X-TWITCH-PREFETCH']);

/** True for tags that may hold addresses. */
export const holdsAddress = ({ name }: Line): boolean => Object.hasOwn(IN_ATTRIBUTES, name) || WHOLE.has(name);

/** The addresses in a line of a playlist of `kind`, in order. @throws PLAYLIST_INVALID, PLAYLIST_TOO_LARGE */
export function referencesIn(line: Line, kind: Kind): readonly Reference[] {
  const { number, text, value } = line;
  if (line.kind === 'uri') {
    const whole = { uri: value, attribute: null, attributes: [], start: 0, end: value.length, number };
    return [kind === 'media' ? { ...whole, role: 'segment', tag: '' } : { ...whole, role: 'playlist', tag: STREAM }];
  }
  if (line.kind !== 'tag' || !holdsAddress(line)) return [];
  const offset = !text.includes(':') ? 0 : text.indexOf(value, text.indexOf(':') + 1);
  const here = { tag: line.name, number };
  if (WHOLE.has(line.name))
    return [
      {
        ...here,
        role: 'segment',
        uri: value,
        attribute: null,
        attributes: [],
        start: offset,
        end: offset + value.length,
      },
    ];
  const roles = IN_ATTRIBUTES[line.name] ?? {};
  const attributes = attributesOf(line);
  return attributes.flatMap((attribute) => {
    const role = Object.hasOwn(roles, attribute.name) ? roles[attribute.name] : undefined;
    if (role === undefined) return [];
    const { value: uri, start, end } = attribute;
    return [{ ...here, role, uri, attribute: attribute.name, attributes, start: offset + start, end: offset + end }];
  });
}

const STREAM = 'EXT-X-STREAM-INF';

/** The attributes of a line. @throws PLAYLIST_INVALID, naming the line; PLAYLIST_TOO_LARGE */
export function attributesOf({ value, name, number }: Line): readonly Attribute[] {
  try {
    return parseAttributes(value);
  } catch (thrown) {
    if (!(thrown instanceof BatonError)) throw thrown;
    throw new BatonError(thrown.code, `line ${number}, ${name}: ${thrown.detail}`);
  }
}

/**
 * True for the key of a system that protects content, whose address is the system's own affair: `skd:` and `data:` name
 * nothing that is fetched.
 */
export const isKeySystem = ({ role, uri, attributes }: Reference): boolean =>
  role === 'key' && (attributeOf(attributes, 'KEYFORMAT') ?? 'identity') !== 'identity' && /^(?:skd|data):/i.test(uri);
