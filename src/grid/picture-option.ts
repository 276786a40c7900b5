import { BatonError } from '../errors.ts';

/** What a link to a stream of fragments asks for. */
export interface SoundAndPictures {
  /** The rendition of the sound, as `parseRendition` reads it. */
  readonly sound: string;
  /** The most lines that its pictures are to have; null: sound alone. */
  readonly lines: number | null;
}

const OPTION = /^(.+)~video\.([1-9]\d{0,3})p$/;

/** Takes `video.480p` off the end of the options of a link, which are options of a rendition otherwise. */
export function splitPictures(options: string): SoundAndPictures {
  const [, sound = options, lines] = OPTION.exec(options) ?? [];
  return { sound, lines: lines === undefined ? null : Number(lines) };
}

/** The options of a stream with pictures of at most so many lines, such as `480p`. Throws OPTIONS_INVALID. */
export function withPictures(sound: string, lines: string): string {
  const options = `${sound}~video.${lines}`;
  if (OPTION.test(options)) return options;
  throw new BatonError('OPTIONS_INVALID', `video is a number of lines such as 480p, not ${lines}`);
}
