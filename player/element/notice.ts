import type { RecoveryState } from '../core/recovery.ts';
import { find, start } from './deck.ts';
import type { Deck, View } from './deck.ts';
import type { Reason } from './refusals.ts';
import { sentence } from './words.ts';

/** What the listener is told: what is wrong and, for a few seconds, what was just done. */
export function notice(deck: Deck): View & { readonly say: (text: string) => void } {
  const { root, playback } = deck;
  const player = find(root, '.player');
  const message = find(root, '.message');
  const retry = find(root, '.retry');
  let said = '';
  let silence: ReturnType<typeof setTimeout> | undefined;
  let reason: Reason | null = null;
  retry.addEventListener('click', () => start(playback));

  function render(): void {
    const state = playback.recovery();
    const text = sentence(state, navigator.onLine, reasonOf(state), deck.language()) || said;
    if (message.textContent !== text) message.textContent = text;
    const isFailed = state.at === 'failed';
    player.classList.toggle('failed', isFailed);
    const hadFocus = root.activeElement === retry;
    retry.hidden = !isFailed;
    if (hadFocus && retry.hidden) find(root, '.play').focus();
  }

  /** Reasons are loaded with the first one; without the network the server's own words have to do. */
  function reasonOf(state: RecoveryState): string | null {
    if (state.at === 'steady') return null;
    const { outage } = state;
    const isFinal = state.at === 'failed';
    if (reason === null && (isFinal || outage.answer?.kind === 'refused')) {
      reason = () => null;
      void import('./refusals.ts')
        .then(
          (loaded) => loaded.reason,
          () => serverWords,
        )
        .then((known) => {
          reason = known;
          render();
        });
    }
    return reason?.(outage, isFinal, deck.language()) ?? null;
  }

  return {
    render,
    say(text) {
      said = text;
      clearTimeout(silence);
      silence = setTimeout(() => {
        said = '';
        render();
      }, SAID_FOR_MS);
      render();
    },
  };
}

const SAID_FOR_MS = 6000;

const serverWords: Reason = ({ answer }) => (answer?.kind === 'refused' ? answer.message : null);
