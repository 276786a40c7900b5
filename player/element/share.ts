import { STEERING } from '../i18n/en-steering.ts';
import type { Deck } from './deck.ts';
import type { Hands } from './steering.ts';
import { atTime } from './time-link.ts';

/** Takes away the address of this moment; where the clipboard is closed, the address is shown instead. */
export function share(deck: Pick<Deck, 'playback' | 'language' | 'address' | 'say'>, fill: Hands['fill']): void {
  const link = atTime(new URL(deck.address(), document.baseURI).href, deck.playback.position());
  copy(link).then(
    () => deck.say(fill({ ...STEERING, ...deck.language().words }.copied, { link })),
    () => deck.say(link),
  );
}

/** Rejects where there is no clipboard: pages without TLS have none. */
async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
