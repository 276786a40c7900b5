import { BatonError } from '../errors.ts';
import { formatRendition } from '../grid/rendition.ts';
import type { Timeline } from '../grid/timeline.ts';
import type { TrackName } from '../hls/place.ts';
import type { Source } from '../source/record.ts';
import type { Baton } from './baton.ts';
import type { HlsFileOptions } from './hls-options.ts';
import type { VirtualFile } from './virtual-file.ts';

/** A rendition of the sound of a source, as HLS offers it. */
export interface AudioTrack {
  readonly name: TrackName & { readonly kind: 'audio' };
  readonly wanted: VirtualFile;
  readonly timeline: Timeline;
}

/** In the order in which they are offered. @throws TRIM_OUT_OF_RANGE */
export function audioTracks(source: Source, { audio }: HlsFileOptions, baton: Baton): readonly AudioTrack[] {
  return audio.map((rendition) => {
    const wanted = baton.files(source, formatRendition(rendition), 'mp4');
    if (wanted.frames.kind !== 'encoded') throw new BatonError('INTERNAL', `${rendition.codec} is not on the grid`);
    const { timeline } = wanted.frames.output;
    return { name: { kind: 'audio', kbps: rendition.kbps }, wanted, timeline };
  });
}
