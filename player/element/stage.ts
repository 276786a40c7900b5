import { MEDIA_EVENTS } from '../core/media-events.ts';

/** The element that plays: an `<audio>`, or a `<video>` for what may have a picture. */
export interface Stage {
  /** Stands for the one that plays now; listeners stay when it changes. */
  readonly audio: HTMLAudioElement;
  readonly media: () => HTMLMediaElement;
  /** Null as long as there is nothing to see. */
  readonly video: () => HTMLVideoElement | null;
  /** To be called between two sources. */
  use(hasPicture: boolean): void;
}

/**
 * Sound alone stays in an `<audio>`, which a phone plays on with its screen off. The `<video>` is put into the player when
 * it is first needed, hidden.
 */
export function createStage(player: Element): Stage {
  const audio = new Audio();
  let media: HTMLMediaElement = audio;
  let video: HTMLVideoElement | null = null;

  function makeVideo(): HTMLVideoElement {
    const made = document.createElement('video');
    for (const type of MEDIA_EVENTS) made.addEventListener(type, () => audio.dispatchEvent(new Event(type)));
    [made.playsInline, made.hidden] = [true, true];
    player.prepend(made);
    return made;
  }

  return {
    audio: new Proxy(audio, {
      get(_, name) {
        const owner = name in EventTarget.prototype ? audio : media;
        const value: unknown = Reflect.get(owner, name);
        return typeof value === 'function' ? (value.bind(owner) as unknown) : value;
      },
      set: (_, name, value) => Reflect.set(media, name, value),
    }),
    media: () => media,
    video: () => (media === audio ? null : video),
    use(hasPicture) {
      const next = hasPicture ? (video ??= makeVideo()) : audio;
      for (const name of KEPT) (next as Record<Kept, unknown>)[name] = media[name];
      media = next;
    },
  };
}

const KEPT = ['volume', 'muted', 'defaultPlaybackRate', 'playbackRate', 'preservesPitch', 'crossOrigin'] as const;

type Kept = (typeof KEPT)[number];
