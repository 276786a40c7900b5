import { BatonError } from '../errors.ts';
import type { Rendition } from './rendition.ts';

/** What the frames of a rendition are sent in; `mp4` is fragmented, and streams without a promised length. */
export type Container = 'mp3' | 'ogg' | 'wav' | 'mp4';

/** What a file is called, and sent as. */
export interface FileKind {
  readonly extension: string;
  readonly type: string;
  /** RFC 6381, where the type does not say it. */
  readonly codecs?: string;
}

export const FILE_KINDS: Readonly<Record<Container, FileKind>> = {
  mp3: { extension: 'mp3', type: 'audio/mpeg' },
  ogg: { extension: 'opus', type: 'audio/ogg', codecs: 'opus' },
  wav: { extension: 'wav', type: 'audio/wav' },
  mp4: { extension: 'mp4', type: 'audio/mp4' },
};

/** By the extension of a link's name. Other extensions say nothing. */
const BY_EXTENSION: Readonly<Record<string, Container>> = {
  mp3: 'mp3',
  opus: 'ogg',
  ogg: 'ogg',
  wav: 'wav',
  mp4: 'mp4',
};

/** What a codec may stand in, its usual container first. */
const CONTAINERS: Readonly<Record<Rendition['codec'], readonly [Container, ...Container[]]>> = {
  copy: ['mp3'],
  mp3: ['mp3'],
  opus: ['ogg', 'mp4'],
  aac: ['mp4'],
  pcm: ['wav'],
  auto: ['mp3', 'ogg'],
};

/** Where nothing else is asked for; of `format.auto` that of MP3. */
export const usualContainer = ({ codec }: Rendition): Container => CONTAINERS[codec][0];

/**
 * The container that a link asks for by its name; of `format.auto` this is only the usual one. A stream in MP4 has to be
 * asked for by its name, since an edge tells it by that. Throws OPTIONS_INVALID when the name goes with another codec.
 */
export function containerOf(rendition: Rendition, name: string): Container {
  const { codec } = rendition;
  const legal = CONTAINERS[codec];
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const asked = Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined;
  const wanted = asked ?? usualContainer(rendition);
  if (legal.includes(wanted) && (wanted !== 'mp4' || asked === 'mp4')) return wanted;
  throw new BatonError('OPTIONS_INVALID', `${codec} goes into a ${legal.join(' or ')} file, which ${name} is not`);
}
