import { find } from './deck.ts';
import type { Deck, View } from './deck.ts';

/** Volume and speed. */
export function sound(deck: Deck): View {
  const { root, audio, playback } = deck;
  const player = find(root, '.player');
  const volume = find(root, '.volume', HTMLInputElement);
  const mute = find(root, '.mute');
  const speed = find(root, '.speed', HTMLSelectElement);
  mute.addEventListener('click', () => (audio.muted = !audio.muted));
  volume.addEventListener('input', () => makeLouder(deck, Number(volume.value) - deck.volume()));
  speed.addEventListener('change', () => playback.setRate(Number(speed.value)));
  let spoken = '';

  return {
    render() {
      const { code, words } = deck.language();
      const level = audio.muted ? 0 : deck.volume();
      mute.setAttribute('aria-label', audio.muted ? words.unmute : words.mute);
      player.classList.toggle('is-muted', level === 0);
      player.classList.toggle('is-quiet', level > 0 && level < 0.5);
      volume.value = String(level);
      volume.ariaValueText = level.toLocaleString(code, { style: 'percent' });
      const rate = audio.playbackRate;
      if (Number(speed.value) === rate && spoken === code) return;
      spoken = code;
      const name = (value: number): string => `${value.toLocaleString(code)}×`;
      const rates = SPEEDS.includes(rate) ? SPEEDS : [...SPEEDS, rate].sort((a, b) => a - b);
      speed.replaceChildren(...rates.map((value) => new Option(name(value), String(value), false, value === rate)));
    },
  };
}

/** Changes the volume by a share of the full one. */
export function makeLouder({ audio, volume, setVolume }: Deck, by: number): void {
  setVolume(Math.min(1, Math.max(0, volume() + by)));
  audio.muted = false;
}

/** To choose from. */
export const SPEEDS: readonly number[] = [0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3];
