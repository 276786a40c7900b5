import type { Chapter } from '../playback.ts';
import { MARK_STYLE } from './style-marks.ts';

/** Shows chapters as a text track of kind `chapters`, which players around the element look for, and as marks. */
export type ShowChapters = (chapters: readonly Chapter[], duration: number) => void;

/** Adds the track to `audio`, and its style to the tree of `marks`; `duration` closes a last chapter without an end. */
export function createChapterTrack(audio: HTMLMediaElement, marks: HTMLElement): ShowChapters {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(MARK_STYLE);
  (marks.getRootNode() as ShadowRoot).adoptedStyleSheets.push(sheet);
  let present: TextTrack | null = null;

  /** There is another element when there is a picture. */
  function trackOf(): TextTrack {
    if (present === null || !Array.from(audio.textTracks).includes(present)) present = audio.addTextTrack('chapters');
    present.mode = 'hidden';
    return present;
  }

  return (chapters, duration) => {
    mark(marks, chapters, duration);
    const track = trackOf();
    for (const cue of Array.from(track.cues ?? [])) track.removeCue(cue);
    for (const { start, end, title } of chapters) {
      const until = Number.isFinite(end) ? end : Number.isFinite(duration) ? duration : start + 1;
      track.addCue(new VTTCue(start, Math.max(start, until), title));
    }
  };
}

function mark(marks: HTMLElement, chapters: readonly Chapter[], duration: number): void {
  const places = chapters.map(({ start }) => (100 * start) / duration).filter((place) => place > 0 && place < 100);
  marks.replaceChildren(
    ...places.map((place) => {
      const dot = document.createElement('i');
      dot.part.add('mark');
      dot.style.left = `${place}%`;
      return dot;
    }),
  );
}
