import type { Playback } from '../playback.ts';
import { find, start } from './deck.ts';
import type { Deck, View } from './deck.ts';
import type { Steps } from './episode-steps.ts';

/** Seconds that the buttons, the keys and the system's controls skip by. */
export const SKIP = { back: -15, forward: 30 } as const;

/** Play, skip, and the way to other episodes. */
export function transport(deck: Deck): View {
  const { root, playback } = deck;
  const player = find(root, '.player');
  const play = find(root, '.play');
  let steps: Promise<Steps> | null = null;
  play.addEventListener('click', () => toggle(deck));
  find(root, '.back').addEventListener('click', () => skip(deck, SKIP.back));
  find(root, '.forward').addEventListener('click', () => skip(deck, SKIP.forward));

  return {
    render() {
      const { words } = deck.language();
      player.classList.toggle('wanted', isOn(playback));
      player.classList.toggle('busy', isOn(playback) && playback.busy());
      play.setAttribute('aria-label', isOn(playback) ? words.pause : words.play);
      if (deck.episodes().length > 1) steps ??= import('./reader.ts').then(({ createSteps }) => createSteps(deck));
      steps?.then((loaded) => loaded.render(), nothing);
    },
  };
}

const nothing = (): void => undefined;

/** What the play button does. */
export function toggle({ playback }: Pick<Deck, 'playback'>): void {
  if (isOn(playback)) playback.pause();
  else start(playback);
}

/** It plays or is about to; after a failure it takes a press to try again. */
const isOn = (playback: Playback): boolean => playback.wanted() && playback.recovery().at !== 'failed';

/** Goes `seconds` on, or back. */
export const skip = ({ playback }: Pick<Deck, 'playback'>, seconds: number): void =>
  playback.seek(playback.position() + seconds);
