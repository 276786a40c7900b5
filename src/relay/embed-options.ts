import { BatonError } from '../errors.ts';
import { splitPictures, withPictures } from '../grid/picture-option.ts';
import { parseRendition, type Rendition } from '../grid/rendition.ts';

/** What an embed link asks for. */
export interface EmbedOptions {
  /** Canonical options of the file or channel behind the page. */
  readonly rendition: string;
  /** Hosts whose pages may frame this one; one that begins with a dot stands for all below it. Null: any page may. */
  readonly frames: readonly string[] | 'self' | 'none' | null;
  /** The source is a podcast feed, and the page plays its episodes; or a station, and the page plays its channel. */
  readonly kind: 'file' | 'feed' | 'live';
  /** Null: as the listener's system. */
  readonly theme: 'dark' | 'light' | null;
  /** The most lines of the pictures of a film; null: the page is about its sound. */
  readonly lines: number | null;
}

const OWN_KEYS = ['frames', 'kind', 'list', 'theme'];
const HOST = /^\.?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads the options of an embed link: those of a file or channel, then the page's own in this order, such as
 * `codec.mp3~bitrate.96k~frames.example.com_.example.org~list.feed~theme.dark`. A film has `video.480p` behind its sound.
 * @throws OPTIONS_INVALID
 */
export function parseEmbedOptions(options: string): EmbedOptions {
  const pairs = options.split('~');
  const firstOwn = pairs.findIndex((pair) => OWN_KEYS.includes(keyOf(pair)));
  const own = firstOwn < 0 ? [] : pairs.slice(firstOwn);
  const described = pairs.slice(0, pairs.length - own.length).join('~');
  const places = own.map((pair) => OWN_KEYS.indexOf(keyOf(pair)));
  if (places.some((place, index) => place <= (places[index - 1] ?? -1)))
    throw invalid(`${own.join('~')}: frames, kind, list and theme stand in this order, each once`);
  const value = (key: string): string | undefined => own.find((pair) => keyOf(pair) === key)?.slice(key.length + 1);
  const [kind, list, theme] = [value('kind'), value('list'), value('theme')];
  if (kind !== undefined && kind !== 'live') throw invalid('kind must be live');
  if (list !== undefined && (list !== 'feed' || kind !== undefined)) throw invalid('list must be feed, without kind');
  const isFilm = (kind ?? list) === undefined;
  const { sound: rendition, lines } = isFilm ? splitPictures(described) : { sound: described, lines: null };
  if (kind === undefined) requirePictured(parseRendition(rendition), lines); // that of a channel is read with the key that its fallback is sealed with
  if (theme !== undefined && theme !== 'dark' && theme !== 'light') throw invalid('theme must be dark or light');
  return { rendition, frames: framesOf(value('frames')), kind: kind ?? list ?? 'file', theme: theme ?? null, lines };
}

/** The options of a page as they stand in its link. */
export function formatEmbedOptions({ rendition, frames, kind, theme, lines }: EmbedOptions): string {
  const pairs = [lines === null ? rendition : withPictures(rendition, `${lines}p`)];
  if (frames !== null) pairs.push(`frames.${typeof frames === 'string' ? frames : frames.join('_')}`);
  if (kind === 'live') pairs.push('kind.live');
  if (kind === 'feed') pairs.push('list.feed');
  if (theme !== null) pairs.push(`theme.${theme}`);
  return pairs.join('~');
}

const keyOf = (pair: string): string => pair.split('.', 1)[0] ?? '';

/** Pictures come with sound in fragments, of a whole film. */
function requirePictured(sound: Rendition, lines: number | null): void {
  if (lines === null) return;
  if (sound.codec === 'copy' || sound.codec === 'pcm') throw invalid(`video does not go with ${sound.codec}`);
  if (sound.startMs > 0 || sound.endMs !== null) throw invalid('video is that of the whole film');
}

function framesOf(text: string | undefined): EmbedOptions['frames'] {
  if (text === undefined) return null;
  if (text === 'self' || text === 'none') return text;
  const hosts = text.split('_');
  if (!hosts.every((host) => HOST.test(host)))
    throw invalid('frames must be none, self, or hosts such as example.com_.example.org');
  return hosts;
}

const invalid = (detail: string): BatonError => new BatonError('OPTIONS_INVALID', detail);
