/** The volume as it was chosen, apart from what a sleep timer makes of it. */
export interface Loudness {
  volume(): number;
  /** Throws IndexSizeError outside of 0 to 1, as an audio element does. */
  setVolume(level: number): void;
  /** Lowers what is heard to a share of the volume. */
  readonly fade: (share: number) => void;
}

/** Full volume at first. */
export function createLoudness(audio: HTMLMediaElement): Loudness {
  let chosen = 1;
  let heard = 1;
  return {
    volume: () => chosen,
    setVolume(level) {
      audio.volume = level * heard;
      chosen = level;
    },
    fade(share) {
      if (share === heard) return;
      heard = share;
      audio.volume = chosen * share;
    },
  };
}
