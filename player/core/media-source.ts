/** ManagedMediaSource (MSE 2, section 4) as far as it differs: the browser says when it wants data. */
export interface StreamingSource extends MediaSource {
  readonly streaming?: boolean;
}

export type MediaSourceClass = (new () => StreamingSource) & Pick<typeof MediaSource, 'isTypeSupported'>;

/** MediaSource, or ManagedMediaSource where that is all there is (iPhone); null without either, or on a server. */
export function mediaSourceClass(): MediaSourceClass | null {
  const scope = globalThis as { MediaSource?: MediaSourceClass; ManagedMediaSource?: MediaSourceClass };
  return scope.MediaSource ?? scope.ManagedMediaSource ?? null;
}

/** Whether a type, codecs, or an address with its options are those of a film. */
export const hasPicture = (type: string): boolean => /^video|avc1|~video\./.test(type);

/** The type to give a source buffer for a codec, in the spelling that this browser takes; null when it takes none. */
export function playableType(Source: MediaSourceClass, codec: string): string | null {
  const spellings = codec.toLowerCase() === 'opus' ? ['opus', 'Opus'] : [codec];
  const types = spellings.map((spelling) => `${hasPicture(codec) ? 'video' : 'audio'}/mp4; codecs="${spelling}"`);
  return types.find((type) => Source.isTypeSupported(type)) ?? null;
}
