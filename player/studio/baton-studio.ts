import { clockText } from '../time-text.ts';
import type { Broadcast } from './broadcast.ts';
import { createBroadcast } from './broadcast.ts';
import type { CameraChoice } from './camera.ts';
import { createDesk } from './desk.ts';
import type { Desk } from './desk.ts';
import { studioLanguage } from './language.ts';
import { showOf } from './show.ts';
import { STYLE } from './style.ts';
import { TEMPLATE } from './template.ts';
import type { SourceChoice } from './sound-source.ts';
import { channelOf, socketAddress } from './wire.ts';
import type { Links } from './wire.ts';

/** On a server there is no HTMLElement; importing the module must do no harm there. */
const Base =
  (globalThis as { HTMLElement?: typeof HTMLElement }).HTMLElement ?? (Object as unknown as typeof HTMLElement);

/** How far a show has got; `standby`: on air, but no sound comes. */
export type StudioState = 'off' | 'starting' | 'live' | 'standby' | 'reconnecting' | 'finishing' | 'ended' | 'refused';

/**
 * `<baton-studio>`: goes on air from a page, with a microphone or a file, and a camera if there is one
 * (docs/ingest.md). A broken connection loses nothing that the page still has. Its attributes, events, parts and variables
 * stand in custom-elements.json.
 */
export class BatonStudio extends Base {
  static readonly observedAttributes = ['token', 'lang'];

  readonly #desk: Desk;
  #connection: AbortController | null = null;
  #broadcast: Broadcast | null = null;
  #token: string | null = null;
  #isStarting = false;
  #isStopping = false;
  #hasBeenOn = false;
  #beganAt: number | null = null;
  #endedAt = 0;
  #problem: 'noMicrophone' | 'noFilePlays' | 'noToken' | null = null;
  #told: StudioState = 'off';
  #isMuted = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.innerHTML = TEMPLATE;
    for (const piece of root.querySelectorAll('[class]')) piece.part.value = piece.getAttribute('class') ?? '';
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.#desk = createDesk(root, {
      go: () => void (this.#isOn() ? this.stop() : this.start().catch(() => undefined)),
      mute: () => (this.muted = !this.muted),
      title: (text) => this.#broadcast?.title(text, ''),
    });
  }

  connectedCallback(): void {
    if (this.#connection !== null) return; // moved within the page: the show goes on
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    this.#adoptProperties();
    const timer = setInterval(() => this.#render(), RENDER_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
    addEventListener('beforeunload', (event) => this.#isOn() && event.preventDefault(), { signal });
    this.#desk.watchDevices(signal);
    this.#render();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#connection?.abort();
      this.#connection = null;
      this.#broadcast?.close();
      this.#broadcast = null;
    });
  }

  attributeChangedCallback(): void {
    if (this.#connection !== null) this.#render();
  }

  /** Of the publisher; never put into an address. Without it, it is asked for. */
  get token(): string {
    return this.#token ?? this.getAttribute('token') ?? '';
  }
  set token(token: string) {
    this.#token = token;
    this.#render();
  }

  get state(): StudioState {
    const broadcast = this.#broadcast;
    if (broadcast === null) return this.#isStarting ? 'starting' : 'off';
    const uplink = broadcast.state();
    if (uplink?.at === 'refused') return 'refused';
    if (uplink?.at === 'ended') return 'ended';
    if (this.#isStopping) return 'finishing';
    if (uplink?.at !== 'open') return this.#hasBeenOn || uplink?.at === 'waiting' ? 'reconnecting' : 'starting';
    const onAir = broadcast.onAir();
    return onAir === 'live' || onAir === 'standby' ? onAir : 'starting';
  }

  /** Seconds since it went on air. */
  get elapsed(): number {
    if (this.#beganAt === null) return 0;
    return ((this.#endedAt || performance.now()) - this.#beganAt) / 1000;
  }

  get listeners(): number {
    return this.#broadcast?.listeners() ?? 0;
  }

  /** Seconds of sound that the server does not have yet. */
  get behind(): number {
    return this.#broadcast?.behind() ?? 0;
  }

  /** Where the channel is heard; null until the server has told. */
  get links(): Links | null {
    return this.#broadcast?.links() ?? null;
  }

  /** Where the show is heard that has ended; null before. */
  get recording(): Links | null {
    const uplink = this.#broadcast?.state();
    return uplink?.at === 'ended' ? uplink.recording : null;
  }

  get muted(): boolean {
    return this.#isMuted;
  }
  set muted(muted: boolean) {
    this.#isMuted = muted;
    this.#broadcast?.setMuted(muted);
    this.#render();
  }

  /**
   * Goes on air, with what is chosen on the desk if `source` is not given; `camera` null: sound alone. Rejects when there is
   * no source or no token.
   */
  async start(source: SourceChoice | null = null, camera: CameraChoice | null = this.#desk.camera()): Promise<void> {
    if (this.#isOn()) return;
    this.#broadcast?.close();
    this.#broadcast = null;
    this.#problem = null;
    const token = (this.token || this.#desk.token()).trim();
    const channel = channelOf(token);
    const choice = source ?? this.#desk.source(this.hasAttribute('voice'));
    if (channel === null || choice === null) {
      this.#problem = channel === null ? 'noToken' : 'noFilePlays';
      this.#render();
      throw new TypeError(channel === null ? 'no publisher token' : 'no file');
    }
    [this.#isStarting, this.#isStopping, this.#hasBeenOn, this.#beganAt, this.#endedAt] = [true, false, false, null, 0];
    this.#render();
    try {
      await this.#begin(token, channel, choice, camera);
    } catch (error) {
      this.#problem = choice.kind === 'file' ? 'noFilePlays' : 'noMicrophone';
      throw error;
    } finally {
      this.#isStarting = false;
      this.#render();
    }
  }

  /** Ends the show; resolves when the last of it is recorded. What is left is sent in the background. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#render();
    await this.#broadcast?.stop();
    this.#render();
  }

  async #begin(token: string, channel: string, source: SourceChoice, camera: CameraChoice | null): Promise<void> {
    const server = socketAddress(new URL(this.getAttribute('server') ?? '', location.href));
    const broadcast = await createBroadcast({
      ...{ source, camera, token, channel, name: this.getAttribute('station') ?? '' },
      bitrate: Number(this.getAttribute('bitrate') ?? 96) * 1000,
      tap: new URL('./studio-tap.js', import.meta.url).href,
      open: () => new WebSocket(server),
      show: () => showOf(new Date(), Math.random),
      now: () => performance.now(),
      changed: () => this.#render(),
    });
    if (!this.isConnected || this.#isStopping) {
      broadcast.close();
      return;
    }
    this.#broadcast = broadcast;
    broadcast.setMuted(this.#isMuted);
    const title = this.#desk.title();
    if (title !== '') broadcast.title(title, '');
    void this.#desk.listDevices(); // now they have names
  }

  #isOn(): boolean {
    return !['off', 'ended', 'refused'].includes(this.state);
  }

  #render(): void {
    const { state } = this;
    if (state === 'live' || state === 'standby') {
      this.#hasBeenOn = true;
      this.#beganAt ??= performance.now();
    }
    if ((state === 'finishing' || state === 'ended' || state === 'refused') && this.#endedAt === 0)
      this.#endedAt = performance.now();
    const uplink = this.#broadcast?.state();
    if (uplink?.at === 'refused') void this.#broadcast?.stop();
    this.#desk.render({
      ...{ state, isOn: this.#isOn(), isMuted: this.#isMuted, language: studioLanguage(this, navigator.languages) },
      ...{ elapsed: clockText(this.elapsed), listeners: this.listeners, behind: this.behind, problem: this.#problem },
      ...{
        hasToken: this.token !== '',
        station: this.getAttribute('station') ?? '',
        links: this.links,
        recording: this.recording,
        server: this.getAttribute('server'),
      },
      picture: this.#broadcast?.picture() ?? null,
      notice: this.#isOn() ? (this.#broadcast?.pictureless() ?? null) : null,
      refusal: uplink?.at === 'refused' ? uplink.message : null,
      level: this.#isOn() ? (this.#broadcast?.level.peak() ?? -Infinity) : -Infinity,
    });
    this.#tell(state);
  }

  #tell(state: StudioState): void {
    if (state === this.#told) return;
    this.#told = state;
    this.dispatchEvent(new CustomEvent('statechange', { detail: { state } }));
  }

  /** Takes over what was set on the element before it was defined. */
  #adoptProperties(): void {
    for (const name of ['token', 'muted']) {
      if (!Object.hasOwn(this, name)) continue;
      const value: unknown = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }
}

const RENDER_MS = 100;
