import { createControls } from './controls.ts';
import type { Controls } from './controls.ts';
import { createPlayback } from './playback.ts';
import type { Playback } from './playback.ts';
import { askServer } from './server-answer.ts';
import { STYLE } from './style.ts';
import { TEMPLATE } from './template.ts';

/** On a server there is no HTMLElement; importing the module must do no harm there. */
const Base =
  (globalThis as { HTMLElement?: typeof HTMLElement }).HTMLElement ?? (Object as unknown as typeof HTMLElement);

/**
 * `<baton-player src title artist artwork preload autoplay>`: plays one audio address and returns to where it was after
 * any interruption. It dispatches the media events of an audio element, and the CustomEvents `retry` (an attempt
 * begins), `recovered` (it plays on) and `failed` (the server refuses for good), with their `detail`.
 */
export class BatonPlayer extends Base {
  static readonly observedAttributes = ['src', 'title', 'artist', 'artwork', 'preload'];

  readonly #audio = new Audio();
  readonly #playback: Playback;
  readonly #controls: Controls;
  #connection: AbortController | null = null;
  #loaded: string | null = null;

  constructor() {
    super();
    this.#audio.preservesPitch = true;
    this.#playback = createPlayback(this.#audio, {
      ask: askServer,
      changed: () => this.#connection && this.#controls.render(),
      emit: (type, detail) => this.dispatchEvent(detail ? new CustomEvent(type, { detail }) : new Event(type)),
      now: () => performance.now(),
      random: Math.random,
    });
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.innerHTML = TEMPLATE;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.#controls = createControls(root, this.#audio, this.#playback);
  }

  connectedCallback(): void {
    if (this.#connection !== null) return; // moved within the page: playback goes on
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    this.addEventListener('keydown', (press) => this.#controls.key(press), { signal });
    this.#playback.attach(signal);
    this.#describe();
    this.#load();
    this.#controls.render();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#connection?.abort();
      this.#connection = null;
    });
  }

  attributeChangedCallback(name: string): void {
    if (name === 'preload') this.#audio.preload = this.#preload();
    else if (name !== 'src') this.#describe();
    else if (this.#connection !== null) this.#load();
  }

  get src(): string {
    const src = this.getAttribute('src');
    return src ? new URL(src, this.baseURI).href : '';
  }
  set src(src: string) {
    this.setAttribute('src', src);
  }

  get currentTime(): number {
    return this.#playback.position();
  }
  set currentTime(seconds: number) {
    this.#playback.seek(seconds);
  }

  /** In seconds; NaN until it is known. */
  get duration(): number {
    return this.#playback.duration();
  }

  /** False also while an interruption is being overcome: the listener did not ask for silence. */
  get paused(): boolean {
    return !this.#playback.wanted();
  }

  get ended(): boolean {
    return this.#audio.ended && this.paused;
  }

  get buffered(): TimeRanges {
    return this.#audio.buffered;
  }

  get playbackRate(): number {
    return this.#audio.playbackRate;
  }
  set playbackRate(rate: number) {
    this.#playback.setRate(Math.min(3, Math.max(0.5, rate)));
  }

  get volume(): number {
    return this.#audio.volume;
  }
  set volume(level: number) {
    this.#audio.volume = level;
  }

  get muted(): boolean {
    return this.#audio.muted;
  }
  set muted(muted: boolean) {
    this.#audio.muted = muted;
  }

  /** Resolves when playback begins or, during an interruption, when the next attempt does. Rejects as an audio element's. */
  play(): Promise<void> {
    return this.#playback.play();
  }

  pause(): void {
    this.#playback.pause();
  }

  #load(): void {
    if (this.src === this.#loaded) return;
    this.#loaded = this.src;
    this.#audio.preload = this.#preload();
    this.#playback.load(this.src, this.hasAttribute('autoplay'));
  }

  #preload(): '' | 'none' | 'metadata' | 'auto' {
    const asked = this.getAttribute('preload');
    return asked === 'none' || asked === 'auto' ? asked : 'metadata';
  }

  #describe(): void {
    const text = (name: string): string => this.getAttribute(name) ?? '';
    this.#controls.describe({ title: text('title'), artist: text('artist'), artwork: text('artwork') });
  }
}

const registry = (globalThis as { customElements?: CustomElementRegistry }).customElements;
if (registry !== undefined && registry.get('baton-player') === undefined) registry.define('baton-player', BatonPlayer);
