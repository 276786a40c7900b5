import type { MediaSourceOption } from './engine.ts';
import { isFramed, isPlaylist } from './leg-address.ts';
import { mediaSourceClass, playableType } from './media-source.ts';

/** The source that is played, and by which engine. */
export interface Choice {
  readonly engine: 'framed' | 'playlist' | 'file';
  readonly src: string;
}

/** The first source that can be played here; the first of all when none says that it can, for the browser to try. */
export function chooseSource(sources: readonly MediaSourceOption[], audio: HTMLMediaElement): Choice | null {
  const given = sources.filter(({ src }) => src !== '');
  for (const { src, type } of given) {
    if (isPlaylist(src, type)) {
      if (mediaSourceClass() !== null || audio.canPlayType(HLS) !== '') return { engine: 'playlist', src };
      continue;
    }
    if (isFramed(src) && isStreamable(type ?? guessedType(src))) return { engine: 'framed', src };
    if (!isFramed(src) && (type === undefined || audio.canPlayType(type) !== '')) return { engine: 'file', src };
  }
  const [first] = given;
  return first === undefined ? null : { engine: 'file', src: first.src };
}

const HLS = 'application/vnd.apple.mpegurl';

function isStreamable(type: string): boolean {
  const codec = /codecs\s*=\s*"?\s*([^",\s;]+)/i.exec(type)?.[1] ?? 'mp4a.40.2';
  const Source = mediaSourceClass();
  return Source !== null && playableType(Source, codec) !== null;
}

/** A link names its codec among the options. */
const guessedType = (src: string): string => `audio/mp4; codecs="${src.includes('codec.opus') ? 'opus' : 'mp4a.40.2'}"`;
