import type { Chapter } from '../playback.ts';

/** Shows chapters as a text track of kind `chapters`, which players around the element look for. */
export type ShowChapters = (chapters: readonly Chapter[], duration: number) => void;

/** Adds the track to `audio`; `duration` closes a last chapter without an end. */
export function createChapterTrack(audio: HTMLAudioElement): ShowChapters {
  const track = audio.addTextTrack('chapters');
  track.mode = 'hidden';
  return (chapters, duration) => {
    for (const cue of Array.from(track.cues ?? [])) track.removeCue(cue);
    for (const { start, end, title } of chapters) {
      const until = Number.isFinite(end) ? end : Number.isFinite(duration) ? duration : start + 1;
      track.addCue(new VTTCue(start, Math.max(start, until), title));
    }
  };
}
