import type { Chapter } from '../playback.ts';
import { assemble } from './assembly.ts';
import type { Assembly } from './assembly.ts';
import { languageFor, loadLanguage } from './language.ts';
import { MediaSurface } from './media-surface.ts';
import type { Episode } from './playlist.ts';
import type { SleepChoice } from './sleep-timer.ts';
import { STYLE } from './style.ts';
import { TEMPLATE } from './template.ts';

/**
 * `<baton-player>`: plays audio, a file or a framed stream, and returns to where it was after any interruption. To a
 * page it is like `<audio>`; its attributes, events, parts and variables stand in custom-elements.json.
 */
export class BatonPlayer extends MediaSurface {
  static readonly observedAttributes = [
    ...['src', 'title', 'artist', 'album', 'artwork', 'preload', 'crossorigin'],
    ...['lang', 'chapters', 'playlist', 'stats'],
  ];

  protected override readonly sound: Assembly;
  #connection: AbortController | null = null;
  #prices: object | null = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.innerHTML = TEMPLATE;
    for (const piece of root.querySelectorAll('[class]')) piece.part.value = piece.getAttribute('class') ?? '';
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.sound = assemble(this, root);
  }

  connectedCallback(): void {
    if (this.#connection !== null) return; // moved within the page: playback goes on
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    this.#adoptProperties();
    if (this.defaultMuted) this.muted = true;
    void this.#speak();
    this.sound.attach(signal);
    const children = new MutationObserver(() => this.readyState === 0 && this.sound.load());
    children.observe(this, { childList: true });
    signal.addEventListener('abort', () => children.disconnect());
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#connection?.abort();
      this.#connection = null;
    });
  }

  attributeChangedCallback(name: string, _before: string | null, value: string | null): void {
    const { sound } = this;
    if (name === 'src') sound.load();
    else if (name === 'preload') sound.audio.preload = this.preload;
    else if (name === 'crossorigin') sound.audio.crossOrigin = this.crossOrigin;
    else if (name === 'chapters') sound.programme.setChapters(value);
    else if (name === 'playlist') sound.programme.setPlaylist(value);
    else if (name === 'lang') void this.#speak();
    else sound.describe();
  }

  /** Starts over with the present source. */
  load(): void {
    this.sound.load({ isForced: true });
    this.playbackRate = this.defaultPlaybackRate; // afterwards: loading forgets the events that have not happened yet
  }

  /** Those that are shown. Takes a list of `{ start, end, title }`, podcast JSON chapters 1.2, or their address. */
  get chapters(): readonly Chapter[] {
    return this.sound.programme.chapters();
  }
  set chapters(value: unknown) {
    this.sound.programme.setChapters(value);
  }

  /** Takes a list of episodes (playlist.ts) or the address of one; `null` for none. */
  get playlist(): readonly Episode[] {
    return this.sound.programme.episodes();
  }
  set playlist(value: unknown) {
    this.sound.programme.setPlaylist(value);
  }

  /** The present entry of the playlist, from 0; another one that is set here is played if this one was. */
  get episode(): number {
    return this.sound.programme.episode();
  }
  set episode(index: number) {
    this.sound.goTo(index, !this.paused);
  }

  /** Minutes, `chapter` or `episode` until it falls silent; null without a timer. */
  get sleepTimer(): SleepChoice {
    return this.sound.sleep.choice();
  }
  set sleepTimer(choice: SleepChoice) {
    this.sound.sleep.choose(choice);
  }

  /** Prices that the cost is estimated with, by the names in cost.ts; null for the built-in ones. */
  get prices(): object | null {
    return this.#prices;
  }
  set prices(prices: object | null) {
    this.#prices = prices;
    this.sound.render();
  }

  async #speak(): Promise<void> {
    if (this.#connection === null) return;
    const wanted = languageFor(this, navigator.languages);
    const language = await loadLanguage(wanted);
    if (wanted === languageFor(this, navigator.languages)) this.sound.setLanguage(language);
  }

  /** Takes over what was set on the element before it was defined. */
  #adoptProperties(): void {
    for (const name of Object.keys(this)) {
      if (!(name in BatonPlayer.prototype)) continue;
      const value: unknown = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }
}
