import type { StudioState } from './baton-studio.ts';
import { createDevices } from './devices.ts';
import type { StudioLanguage } from './language.ts';
import type { CameraChoice } from './camera.ts';
import type { SourceChoice } from './sound-source.ts';
import type { Links } from './wire.ts';
import type { StudioWords } from './words/en.ts';

/** All that is seen of a studio at one moment. */
export interface DeskView {
  readonly state: StudioState;
  readonly isOn: boolean;
  readonly isMuted: boolean;
  readonly language: StudioLanguage;
  readonly elapsed: string;
  readonly listeners: number;
  /** Seconds of sound that are not with the server. */
  readonly behind: number;
  readonly problem: keyof StudioWords | null;
  /** What is not as it was chosen, although it works. */
  readonly notice: keyof StudioWords | null;
  /** What the camera shows; null: nothing. */
  readonly picture: MediaStream | null;
  /** What the server says of its refusal. */
  readonly refusal: string | null;
  readonly hasToken: boolean;
  /** Empty: it has no name. */
  readonly station: string;
  readonly links: Links | null;
  readonly recording: Links | null;
  /** What the links are relative to; null for the page. */
  readonly server: string | null;
  /** Decibels below full scale. */
  readonly level: number;
}

/** What is done at the desk. */
export interface DeskActions {
  readonly go: () => void;
  readonly mute: () => void;
  readonly title: (text: string) => void;
}

/** The studio's shadow tree: what is chosen and typed there, and what is shown. */
export interface Desk {
  /** What is chosen; null for a file that is not chosen yet. */
  source(voice: boolean): SourceChoice | null;
  /** Null: none. */
  camera(): CameraChoice | null;
  token(): string;
  title(): string;
  listDevices(): Promise<void>;
  watchDevices(signal: AbortSignal): void;
  render(view: DeskView): void;
}

/** Binds the tree of template.ts. */
export function createDesk(root: ShadowRoot, { go, mute, title }: DeskActions): Desk {
  const find = (selector: string): HTMLElement => {
    const found = root.querySelector<HTMLElement>(selector);
    if (found === null) throw new TypeError(`no ${selector}`);
    return found;
  };
  const form = find('.studio');
  const device = find('.device') as HTMLSelectElement;
  const devices = createDevices(device, find('.camera') as HTMLSelectElement);
  const preview = find('.preview') as HTMLVideoElement;
  const [picker, titleField, tokenField, fileChoice] = ['.picker', '.title', '.token', '[value=file]'].map(
    (selector) => find(selector) as HTMLInputElement,
  ) as [HTMLInputElement, HTMLInputElement, HTMLInputElement, HTMLInputElement];
  const [loudness, peak, meter] = [find('.loudness'), find('.peak'), find('.level')];
  let [heldPeak, spoken] = [-Infinity, ''];
  let words: StudioWords | null = null;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    go();
  });
  find('.mute').addEventListener('click', mute);
  titleField.addEventListener('change', () => title(titleField.value));
  find('.choices').addEventListener('change', choose);

  const isFile = (): boolean => fileChoice.checked;

  function choose(): void {
    device.hidden = isFile();
    find('.file').hidden = !isFile();
    write('.file-name', picker.files?.[0]?.name ?? words?.chooseFile ?? '');
  }

  function write(selector: string, text: string): void {
    const element = find(selector);
    if (element.textContent !== text) element.textContent = text;
  }

  function speak({ code, words: next }: StudioLanguage): void {
    if (spoken === code) return;
    spoken = code;
    words = next;
    form.lang = code;
    form.dir = code === 'ar' ? 'rtl' : 'ltr';
    for (const element of root.querySelectorAll<HTMLElement>('[data-text]'))
      element.textContent = next[element.dataset['text'] as keyof StudioWords];
    for (const element of root.querySelectorAll<HTMLElement>('[data-name]'))
      element.ariaLabel = next[element.dataset['name'] as keyof StudioWords];
    devices.speak(next);
    choose();
  }

  function show(picture: MediaStream | null): void {
    if (preview.srcObject === picture) return;
    preview.srcObject = picture;
    preview.hidden = picture === null;
    if (picture !== null) void preview.play().catch(() => undefined);
  }

  function showLevel(level: number, name: string): void {
    const share = Math.max(0, Math.min(1, 1 + level / FLOOR));
    heldPeak = Math.max(share, heldPeak - FALL);
    loudness.style.width = `calc(${100 * (1 - share)}% + 2px)`;
    peak.style.left = `calc(${100 * heldPeak}% - 2px)`;
    peak.style.opacity = heldPeak > 0 ? '1' : '0';
    const now = String(Math.max(-FLOOR, Math.round(level)));
    if (meter.ariaValueNow === now) return;
    meter.ariaValueNow = now;
    meter.ariaValueText = name.replace('{level}', now);
  }

  function link(selector: string, links: Links | null, server: string | null): void {
    const element = find(selector) as HTMLAnchorElement;
    element.hidden = links === null;
    const address = links === null ? '' : new URL(links.embed, server ?? location.href).href;
    if (links !== null && element.href !== address) element.href = address;
  }

  return {
    source(voice) {
      const file = picker.files?.[0];
      if (!isFile()) return { kind: 'microphone', deviceId: devices.microphone(), voice };
      return file === undefined ? null : { kind: 'file', file };
    },
    camera: () => devices.camera(),
    token: () => tokenField.value,
    title: () => titleField.value,
    listDevices: () => devices.list(),
    watchDevices(signal) {
      void devices.list();
      const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
      mediaDevices?.addEventListener('devicechange', () => void devices.list(), { signal });
    },
    render(view) {
      const { state, isOn, language, recording } = view;
      speak(language);
      const { words: said, code } = language;
      const name = [said.studio, view.station].filter(Boolean).join(': ');
      if (form.ariaLabel !== name) form.ariaLabel = name;
      write('.state', said[STATES[state]]);
      find('.figures').hidden = state === 'off';
      write('.elapsed', view.elapsed);
      write('.listeners', view.listeners.toLocaleString(code));
      write('.go', isOn ? said.stop : state === 'off' ? said.goOnAir : said.again);
      write('.message', messageOf(view));
      form.classList.toggle('is-on', isOn);
      form.classList.toggle('is-live', state === 'live');
      form.classList.toggle('is-troubled', ['reconnecting', 'standby', 'refused'].includes(state));
      (find('.go') as HTMLButtonElement).disabled = state === 'finishing';
      (find('.choices') as HTMLFieldSetElement).disabled = isOn;
      find('.secret').hidden = view.hasToken || isOn;
      const muted = find('.mute');
      muted.ariaPressed = String(view.isMuted);
      const does = view.isMuted ? said.unmute : said.mute;
      if (muted.ariaLabel !== does) muted.ariaLabel = does;
      link('.listen', isOn ? view.links : null, view.server);
      link('.recording', recording, view.server);
      show(view.picture);
      showLevel(view.level, said.decibels);
    },
  };
}

const STATES = {
  off: 'offAir',
  starting: 'starting',
  live: 'onAir',
  standby: 'standby',
  reconnecting: 'reconnecting',
  finishing: 'finishing',
  ended: 'ended',
  refused: 'refused',
} as const satisfies Record<StudioState, keyof StudioWords>;

/** What the meter begins with, and how fast its peak falls, in decibels and shares of it a look. */
const [FLOOR, FALL] = [60, 0.012];

function messageOf({ state, problem, notice, refusal, behind, language: { words, code } }: DeskView): string {
  if (problem !== null) return words[problem];
  if (refusal !== null) return refusal;
  if (state !== 'reconnecting' && state !== 'finishing') return notice === null ? '' : words[notice];
  const seconds = Math.round(behind).toLocaleString(code, { style: 'unit', unit: 'second', unitDisplay: 'long' });
  const waiting = words.behind.replace('{seconds}', seconds);
  return state === 'reconnecting' ? `${words.broke} ${waiting}` : behind >= 1 ? waiting : '';
}
