import { PICTURE } from '../i18n/en-picture.ts';
import type { Deck, View } from './deck.ts';
import { createFullScreen } from './full-screen.ts';
import { createQualityChoice } from './quality-choice.ts';
import { BARE_STYLE, PICTURE_STYLE } from './style-picture.ts';

/** What is seen besides the controls, and what a listener chooses of it. */
export interface Picture extends View {
  /** What the player is called when it shows something; null when it does not. */
  readonly label: () => string | null;
  /** Fills the screen, or leaves it; false when there is nothing to see. */
  readonly fullscreen: () => boolean;
  /** Into a small window above all others, or back; false where there is none. */
  readonly inset: () => boolean;
}

/** What it needs of the player; its functions come along, so that this is a script by itself. */
export interface PictureDeck extends Deck {
  readonly host: HTMLElement;
  /** Null as long as it is sound alone that is played. */
  readonly video: () => HTMLVideoElement | null;
  readonly toggle: () => void;
}

/** Puts buttons and the choice of quality into the player. Loaded with the first source that may have a picture. */
export function createPicture(deck: PictureDeck): Picture {
  const { root, host, video, language } = deck;
  const player = root.querySelector<HTMLElement>('.player') ?? document.body;
  const [sheet, bare] = [new CSSStyleSheet(), new CSSStyleSheet()];
  sheet.replaceSync(PICTURE_STYLE);
  bare.replaceSync(BARE_STYLE);
  root.adoptedStyleSheets.push(sheet, bare);
  const words = (): typeof PICTURE => ({ ...PICTURE, ...(language().words as Partial<typeof PICTURE>) });
  const isSeen = (): boolean => video()?.hidden === false;

  const quality = createQualityChoice(deck, words);
  const screen = createFullScreen(player, root, video);
  const buttons = {
    captions: addButton('captions', 'M4 6h16v12H4zM10.6 10.6a2 2 0 1 0 0 2.8M16.6 10.6a2 2 0 1 0 0 2.8', captions),
    inset: addButton('inset', 'M4 5h16v14H4zM12 12h5v4h-5z', inset),
    fullscreen: addButton('fullscreen', 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5', fullscreen),
  };
  buttons.inset.setAttribute('aria-keyshortcuts', 'i');
  buttons.fullscreen.setAttribute('aria-keyshortcuts', 'f');
  const surface = video();
  if (surface !== null) prepare(surface);

  function prepare(shown: HTMLVideoElement): void {
    shown.className = 'surface';
    shown.part.add('surface');
    shown.addEventListener('resize', render);
    shown.addEventListener('click', deck.toggle);
    shown.addEventListener('dblclick', fullscreen);
    for (const type of ['enterpictureinpicture', 'leavepictureinpicture'])
      shown.addEventListener(type, () => {
        host.dispatchEvent(new Event(type));
        render();
      });
    player.addEventListener('fullscreenchange', render);
  }

  function addButton(name: string, path: string, press: () => void): HTMLButtonElement {
    const button = document.createElement('button');
    button.className = `button ${name}`;
    button.part.value = button.className;
    button.innerHTML = `<svg class="icon" part="icon" viewBox="0 0 24 24" aria-hidden="true"><path class="line" d="${path}"/></svg>`;
    button.addEventListener('click', press);
    root.querySelector('.end')?.append(button);
    return button;
  }

  const texts = (): TextTrack[] =>
    Array.from(video()?.textTracks ?? []).filter(({ kind }) => kind === 'subtitles' || kind === 'captions');

  function captions(): void {
    const all = texts();
    const isOn = all.some(({ mode }) => mode === 'showing');
    const chosen = all.find((track) => track.language.startsWith(language().code)) ?? all[0];
    for (const track of all) track.mode = !isOn && track === chosen ? 'showing' : 'disabled';
    render();
  }

  function fullscreen(): boolean {
    if (isSeen()) screen.toggle();
    return isSeen();
  }

  function inset(): boolean {
    const shown = video();
    if (shown === null || !isSeen() || !hasInset(shown)) return false;
    if (root.pictureInPictureElement === null) shown.requestPictureInPicture().catch(nothing);
    else document.exitPictureInPicture().catch(nothing);
    return true;
  }

  function render(): void {
    const shown = video();
    const poster = host.getAttribute('poster') ?? '';
    if (shown !== null) {
      shown.hidden = shown.videoWidth === 0 && (poster === '' || shown.readyState > 0);
      if (shown.getAttribute('poster') !== poster) shown.setAttribute('poster', poster);
    }
    const isPicture = isSeen();
    player.classList.toggle('has-picture', isPicture);
    bare.disabled = !isPicture;
    if (!isPicture) screen.leave();
    const { fullscreen: big, inset: small, captions: written } = buttons;
    written.hidden = !isPicture || texts().length === 0;
    written.ariaPressed = String(texts().some(({ mode }) => mode === 'showing'));
    written.ariaLabel = words().captions;
    small.hidden = !isPicture || shown === null || !hasInset(shown);
    small.ariaLabel = root.pictureInPictureElement === null ? words().inset : words().leaveInset;
    big.hidden = !isPicture || !screen.isAble();
    big.ariaLabel = screen.isOn() ? words().leaveFullscreen : words().fullscreen;
    quality.render();
  }

  return { render, label: () => (isSeen() ? words().videoPlayer : null), fullscreen, inset };
}

const hasInset = (video: HTMLVideoElement): boolean =>
  (document as { pictureInPictureEnabled?: boolean }).pictureInPictureEnabled === true &&
  'requestPictureInPicture' in video;

const nothing = (): void => undefined;
