import { clockText, spokenTime } from '../time-text.ts';
import { find, span } from './deck.ts';
import type { Deck, View } from './deck.ts';
import { fill } from './language.ts';

/** The position slider with what is buffered, and the times below it. */
export function seekBar(deck: Deck): View {
  const { root, playback } = deck;
  const slider = find(root, '.position', HTMLInputElement);
  const [buffered, played] = [find(root, '.buffered'), find(root, '.played')];
  const [elapsed, total, chapter] = [find(root, '.elapsed'), find(root, '.total'), find(root, '.chapter')];
  /** Where the thumb is being dragged to; the seek waits for the end of the drag. */
  let dragged: number | null = null;

  slider.addEventListener('input', () => {
    dragged = Number(slider.value);
    render();
  });
  slider.addEventListener('change', () => {
    dragged = null;
    playback.seek(Number(slider.value));
  });
  // There is no change when the thumb is back where it was; if there is one, it comes first.
  slider.addEventListener('pointerup', () => setTimeout(() => (dragged = null)));

  function render(): void {
    const { code, words } = deck.language();
    const duration = playback.duration();
    const position = dragged ?? playback.position();
    const { start, end } = span(playback);
    const isKnown = end > start;
    const spoken = (seconds: number): string => spokenTime(seconds, code, words.unknownTime);
    slider.disabled = !isKnown;
    slider.min = String(start);
    slider.max = String(end);
    slider.step = end - start > 600 ? '1' : '0.1';
    slider.value = String(position);
    const valueText = isKnown
      ? fill(words.of, { position: spoken(position), duration: spoken(duration) })
      : words.notLoaded;
    if (slider.ariaValueText !== valueText) slider.ariaValueText = valueText;
    played.style.width = isKnown ? place(position, start, end) : '0';
    buffered.style.background = isKnown ? stripes(playback.buffered(), start, end) : 'none';
    elapsed.textContent = clockText(position, duration);
    total.textContent = clockText(duration);
    chapter.textContent = deck.chapters()[deck.chapterAt(position)]?.title ?? '';
    deck.liveView()?.render(position);
  }

  return { render };
}

/** A background that shows each buffered range in its place. */
function stripes(ranges: TimeRanges, start: number, end: number): string {
  let stops = '';
  for (let i = 0; i < ranges.length; i++) {
    const [from, to] = [ranges.start(i), ranges.end(i)].map((seconds) => place(seconds, start, end));
    stops += `transparent 0 ${from}, var(--_buffered) 0 ${to}, `;
  }
  return `linear-gradient(to right, ${stops}transparent 0)`;
}

const place = (seconds: number, start: number, end: number): string => `${(100 * (seconds - start)) / (end - start)}%`;
