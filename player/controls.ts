import { keyAction } from './keys.ts';
import type { Focus, KeyAction } from './keys.ts';
import type { Playback } from './playback.ts';
import { clockText, spokenTime } from './time-text.ts';
import { sentence } from './words.ts';

/** What the player says of the episode; empty texts say nothing. */
export interface Description {
  readonly title: string;
  readonly artist: string;
  readonly artwork: string;
}

/** What the listener sees and uses. */
export interface Controls {
  /** Shows the present state of the playback; cheap enough for every event. */
  render(): void;
  describe(description: Description): void;
  /** Does what `press` means in the player; a key that is not the player's is left to the browser. */
  key(press: KeyboardEvent): void;
}

/** Binds the player's shadow tree to its playback. */
export function createControls(root: ShadowRoot, audio: HTMLAudioElement, playback: Playback): Controls {
  const player = find(root, '.player', HTMLElement);
  const slider = find(root, '.position', HTMLInputElement);
  const volume = find(root, '.volume', HTMLInputElement);
  const speed = find(root, '.speed', HTMLSelectElement);
  const artwork = find(root, '.artwork', HTMLImageElement);
  const retry = find(root, '.retry', HTMLButtonElement);
  const play = find(root, '.play', HTMLButtonElement);
  const mute = find(root, '.mute', HTMLButtonElement);
  const part = (selector: string) => find(root, selector, HTMLElement);
  const [buffered, played, elapsed, total] = [part('.buffered'), part('.played'), part('.elapsed'), part('.total')];
  const [title, artist, message] = [part('.title'), part('.artist'), part('.message')];
  /** Where the thumb is being dragged to; the seek waits for the end of the drag. */
  let dragged: number | null = null;

  const actions: { readonly [K in KeyAction['kind']]: (action: Extract<KeyAction, { kind: K }>) => void } = {
    toggle: () => toggle(),
    mute: () => void (audio.muted = !audio.muted),
    skip: ({ seconds }) => playback.seek(playback.position() + seconds),
    louder: ({ by }) => setVolume(audio.volume + by),
    jump({ to }) {
      if (Number.isFinite(playback.duration())) playback.seek(playback.duration() * to);
    },
  };

  function toggle(): void {
    if (playback.wanted()) playback.pause();
    else playback.play().catch(() => undefined); // a refused play shows as the play button
  }

  function setVolume(level: number): void {
    audio.volume = Math.min(1, Math.max(0, level));
    audio.muted = false;
  }

  play.addEventListener('click', toggle);
  mute.addEventListener('click', () => actions.mute({ kind: 'mute' }));
  part('.back').addEventListener('click', () => actions.skip({ kind: 'skip', seconds: -15 }));
  part('.forward').addEventListener('click', () => actions.skip({ kind: 'skip', seconds: 30 }));
  retry.addEventListener('click', () => void playback.play().catch(() => undefined));
  speed.addEventListener('change', () => playback.setRate(Number(speed.value)));
  volume.addEventListener('input', () => setVolume(Number(volume.value)));
  slider.addEventListener('input', () => {
    dragged = Number(slider.value);
    render();
  });
  slider.addEventListener('change', () => {
    dragged = null;
    playback.seek(Number(slider.value));
  });
  artwork.addEventListener('error', () => showArtwork(''));

  function render(): void {
    const duration = playback.duration();
    const position = dragged ?? playback.position();
    const isKnown = Number.isFinite(duration) && duration > 0;
    slider.disabled = !isKnown;
    slider.max = String(isKnown ? duration : 0);
    slider.step = duration > 600 ? '1' : '0.1';
    slider.value = String(position);
    slider.setAttribute(
      'aria-valuetext',
      isKnown ? `${spokenTime(position)} of ${spokenTime(duration)}` : 'not loaded',
    );
    played.style.width = isKnown ? `${(100 * position) / duration}%` : '0';
    buffered.style.background = isKnown ? stripes(audio.buffered, duration) : 'none';
    elapsed.textContent = clockText(position, duration);
    total.textContent = clockText(duration);

    player.classList.toggle('wanted', playback.wanted());
    player.classList.toggle('busy', playback.busy());
    player.setAttribute('aria-busy', String(playback.busy()));
    play.setAttribute('aria-label', playback.wanted() ? 'Pause' : 'Play');
    renderSound();
    renderNotice();
  }

  function renderSound(): void {
    const level = audio.muted ? 0 : audio.volume;
    mute.setAttribute('aria-label', audio.muted ? 'Unmute' : 'Mute');
    player.classList.toggle('is-muted', level === 0);
    player.classList.toggle('is-quiet', level > 0 && level < 0.5);
    volume.value = String(level);
    volume.style.setProperty('--_level', `${level * 100}%`);
    volume.setAttribute('aria-valuetext', `${Math.round(level * 100)} percent`);
    const rate = String(audio.playbackRate);
    if (speed.value !== rate) showRate(speed, rate);
  }

  function renderNotice(): void {
    const state = playback.recovery();
    const text = sentence(state, navigator.onLine);
    if (message.textContent !== text) message.textContent = text;
    player.classList.toggle('failed', state.at === 'failed');
    const hadFocus = root.activeElement === retry;
    retry.hidden = state.at !== 'failed';
    if (hadFocus && retry.hidden) play.focus();
  }

  function showArtwork(url: string): void {
    player.classList.toggle('has-artwork', url !== '');
    artwork.hidden = url === '';
    if (url === '') artwork.removeAttribute('src');
    else if (artwork.getAttribute('src') !== url) artwork.src = url;
  }

  return {
    render,
    describe(description) {
      title.textContent = description.title;
      artist.textContent = description.artist;
      player.setAttribute('aria-label', ['Audio player', description.title].filter(Boolean).join(': '));
      showArtwork(description.artwork);
    },
    key(press) {
      const focus = (root.activeElement as HTMLElement | null)?.dataset['focus'] as Focus | undefined;
      const action = press.defaultPrevented ? null : keyAction(press, focus ?? 'player');
      if (action === null) return;
      press.preventDefault();
      (actions[action.kind] as (action: KeyAction) => void)(action);
    },
  };
}

function find<T extends Element>(root: ShadowRoot, selector: string, type: abstract new (...args: never[]) => T): T {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new TypeError(`The player has no ${selector}`);
  return element;
}

/** A background that shows each buffered range in its place. */
function stripes(ranges: TimeRanges, duration: number): string {
  const stops = ['transparent 0'];
  for (let i = 0; i < ranges.length; i++) {
    const from = (100 * ranges.start(i)) / duration;
    const to = (100 * ranges.end(i)) / duration;
    stops.push(`transparent ${from}%`, `var(--_buffered) ${from}%`, `var(--_buffered) ${to}%`, `transparent ${to}%`);
  }
  return `linear-gradient(to right, ${stops.join(', ')}, transparent 0)`;
}

function showRate(speed: HTMLSelectElement, rate: string): void {
  const options = Array.from(speed.options);
  if (!options.some(({ value }) => value === rate)) {
    const after = options.find(({ value }) => Number(value) > Number(rate)) ?? null;
    speed.insertBefore(new Option(`${rate}×`, rate), after);
  }
  speed.value = rate;
}
