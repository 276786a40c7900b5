/** The player over the whole screen, or on a phone the picture alone. */
export interface FullScreen {
  readonly isAble: () => boolean;
  readonly isOn: () => boolean;
  toggle(): void;
  leave(): void;
}

/** What a phone's browser has instead (Safari on iOS). */
interface PhoneVideo extends HTMLVideoElement {
  webkitEnterFullscreen?(): void;
}

/** As long as somebody moves or types, the controls lie over the picture. */
export function createFullScreen(player: HTMLElement, root: ShadowRoot, video: () => PhoneVideo | null): FullScreen {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isOn = (): boolean => root.fullscreenElement === player;

  function awake(): void {
    player.classList.remove('idle');
    clearTimeout(timer);
    timer = isOn() ? setTimeout(fallIdle, IDLE_MS) : undefined;
  }

  function fallIdle(): void {
    const isBusy = video()?.paused === true || player.querySelector(':focus-visible, .drawer:not([hidden])') !== null;
    if (isBusy) awake();
    else player.classList.add('idle');
  }

  for (const type of ['pointermove', 'pointerdown', 'keydown', 'focusin', 'fullscreenchange'])
    player.addEventListener(type, awake);

  function leave(): void {
    if (isOn()) document.exitFullscreen().catch(nothing);
  }

  return {
    isAble: () => document.fullscreenEnabled || video()?.webkitEnterFullscreen !== undefined,
    isOn,
    toggle() {
      if (isOn()) leave();
      else if (document.fullscreenEnabled) player.requestFullscreen().catch(nothing);
      else video()?.webkitEnterFullscreen?.();
    },
    leave,
  };
}

const IDLE_MS = 3000;

const nothing = (): void => undefined;
