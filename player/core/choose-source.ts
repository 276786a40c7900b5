import type { MediaSourceOption } from './engine.ts';
import { isFramed, isPlaylist } from './leg-address.ts';
import { hasPicture, mediaSourceClass, playableType } from './media-source.ts';

/** The source that is played, and by which engine. */
export interface Choice {
  readonly engine: 'framed' | 'playlist' | 'file';
  readonly src: string;
  /** Of a framed stream: it has a picture. */
  readonly isFilm?: boolean;
}

/** The first source that can be played here; the first of all when none says that it can, for the browser to try. */
export function chooseSource(sources: readonly MediaSourceOption[], audio: HTMLMediaElement): Choice | null {
  const given = sources.filter(({ src }) => src !== '');
  for (const { src, type } of given) {
    if (isPlaylist(src, type)) return { engine: 'playlist', src };
    if (isFramed(src) && isStreamable(src, type ?? ''))
      return { engine: 'framed', src, isFilm: hasPicture(`${type} ${src}`) };
    if (!isFramed(src) && (type === undefined || audio.canPlayType(type) !== '')) return { engine: 'file', src };
  }
  const [first] = given;
  return first === undefined ? null : { engine: 'file', src: first.src };
}

/** A link names its codec among the options. */
function isStreamable(src: string, type: string): boolean {
  const told = /codecs\s*=\s*"?\s*([^",\s;]+)/i.exec(type)?.[1];
  const Source = mediaSourceClass();
  return Source !== null && playableType(Source, told ?? (src.includes('codec.opus') ? 'opus' : 'mp4a.40.2')) !== null;
}
