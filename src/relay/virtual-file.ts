import type { Output } from '../encode/output.ts';
import { usualContainer, type Container } from '../grid/container.ts';
import { parseRendition, type GridRendition, type Rendition } from '../grid/rendition.ts';
import type { Tags } from '../media/tags.ts';
import type { Source } from '../source/record.ts';
import type { ByteRange, Bytes, Milliseconds } from '../units.ts';
import { encodedFile } from './encoded-file.ts';
import type { DecidedRendition } from './format-auto.ts';
import { relayedFile } from './relayed-file.ts';

/** A file that is made on demand: its head, then frames that are either encoded or the source's own. */
export interface VirtualFile {
  readonly source: Source;
  readonly container: Container;
  /** Of what is played: chapters lie on its own timeline. */
  readonly tags: Tags;
  /** Null while the length of the source is not known. */
  readonly durationMs: Milliseconds | null;
  /** What stands before the frames; nothing in `mp4`, where every response has its own. */
  readonly head: Uint8Array;
  readonly frames: EncodedFrames | RelayedFrames;
  /** Of the whole file; null while the length of the source is not known, and for `mp4`. */
  readonly size: Bytes | null;
  /** Strong, with quotes; null where `size` is. */
  readonly etag: string | null;
  /** The same rendition of `source` once its length is known. */
  measuredBy(source: Source): VirtualFile;
}

/** Frames on the grid. */
export interface EncodedFrames {
  readonly kind: 'encoded';
  readonly output: Output;
  /** The pages that the frames lie on; null where nothing stands between them. */
  readonly pages: OggStream | null;
}

/** What the pages of an Ogg stream say besides their packets. */
export interface OggStream {
  readonly serial: number;
  /** Sequence number of the first page with audio. */
  readonly firstSequence: number;
}

/** Frames of the source as they are. */
export interface RelayedFrames {
  readonly kind: 'relayed';
  /** Of the source. */
  readonly range: ByteRange;
}

/** What a kind of file is made of. */
export type Content = Omit<VirtualFile, 'source' | 'measuredBy'>;

/**
 * What a link's options make of a source, in `container` (by default the usual one of the codec; `format.auto` is
 * described as MP3). Throws OPTIONS_INVALID, TRIM_OUT_OF_RANGE, and CODEC_UNSUPPORTED for `codec.copy` of anything but
 * MP3.
 */
export type VirtualFiles = (source: Source, options: string, container?: Container) => VirtualFile;

/** Remembers the files of a source for as long as somebody holds the source: players ask for many ranges of one file. */
export function virtualFiles(engineId: string): VirtualFiles {
  const known = new WeakMap<Source, Map<string, VirtualFile>>();
  return (source, options, container) => {
    const files = known.get(source) ?? new Map<string, VirtualFile>();
    known.set(source, files);
    const key = `${options}/${container ?? ''}`;
    const wanted = files.get(key) ?? virtualFile(source, playedAs(parseRendition(options)), container, engineId);
    files.set(key, wanted);
    return wanted;
  };
}

const playedAs = (rendition: Rendition): DecidedRendition =>
  rendition.codec === 'auto' ? { ...rendition, codec: 'mp3' } : rendition;

/** What the bytes of this rendition of this source are, without encoding any of them. MP3 of the asked bitrate is relayed. */
function virtualFile(
  source: Source,
  rendition: DecidedRendition,
  container: Container | undefined,
  engineId: string,
): VirtualFile {
  const isRelayed = rendition.codec === 'copy' || isRelayable(source, rendition);
  const content = isRelayed
    ? relayedFile(source)
    : encodedFile(source, rendition, container ?? usualContainer(rendition), engineId);
  return { ...content, source, measuredBy: (measured) => virtualFile(measured, rendition, container, engineId) };
}

function isRelayable({ record }: Source, rendition: GridRendition): boolean {
  const { channels, startMs, endMs } = rendition;
  const isSame = rendition.codec === 'mp3' && record.mp3?.cbrKbps === rendition.kbps;
  return isSame && (channels ?? record.channels) === record.channels && startMs === 0 && endMs === null;
}
