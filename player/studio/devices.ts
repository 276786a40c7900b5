import { cameras } from './camera.ts';
import type { CameraChoice } from './camera.ts';
import { microphones } from './sound-source.ts';
import type { StudioWords } from './words/en.ts';

/** The devices to choose from. */
export interface Devices {
  list(): Promise<void>;
  /** Names what has no name of its own in another language. */
  speak(words: StudioWords): void;
  /** Empty: as the browser thinks. */
  microphone(): string;
  /** Null: none. */
  camera(): CameraChoice | null;
}

/** A camera without an id: the page may not use one yet. */
const ANY = 'any';

/** Fills two lists of choices. */
export function createDevices(microphone: HTMLSelectElement, camera: HTMLSelectElement): Devices {
  let words: StudioWords | null = null;

  async function list(): Promise<void> {
    if (!('mediaDevices' in navigator)) return; // a page without TLS has none
    const heard = await microphones().catch(() => []);
    const sources = heard.map(({ label, deviceId }) => new Option(label || (words?.microphone ?? ''), deviceId));
    offer(
      microphone,
      words?.defaultDevice,
      sources.filter(({ value }) => value !== 'default'),
    );
    const seen = await cameras().catch(() => []);
    const views = seen.map(({ label, deviceId }) => new Option(label || (words?.camera ?? ''), deviceId || ANY));
    offer(camera, words?.noCameraChosen, views);
  }

  return {
    list,
    speak(next) {
      words = next;
      nameFirst(microphone, next.defaultDevice);
      nameFirst(camera, next.noCameraChosen);
    },
    microphone: () => microphone.value,
    camera: () => (camera.value === '' ? null : camera.value === ANY ? 'any' : { deviceId: camera.value }),
  };
}

/** Keeps what was chosen; a device gets its id only when it may be used. */
function offer(choice: HTMLSelectElement, none: string | undefined, options: readonly HTMLOptionElement[]): void {
  const { value } = choice;
  choice.replaceChildren(new Option(none ?? '', ''), ...options);
  const found = options.find((option) => option.value === value) ?? (value === ANY ? options[0] : undefined);
  choice.value = found?.value ?? '';
}

function nameFirst({ options: [first] }: HTMLSelectElement, text: string): void {
  if (first?.value === '') first.text = text;
}
