import { find } from './deck.ts';
import type { Deck, View } from './deck.ts';

/** Title, artist and artwork, and the texts that never change. */
export function heading(deck: Deck): View {
  const { root } = deck;
  const player = find(root, '.player');
  const artwork = find(root, '.artwork', HTMLImageElement);
  let spoken = '';
  let shown = '';
  artwork.addEventListener('error', () => showArtwork(''));

  function showArtwork(url: string): void {
    player.classList.toggle('has-artwork', url !== '');
    artwork.hidden = url === '';
    if (url === '') artwork.removeAttribute('src');
    else artwork.src = url;
  }

  return {
    render() {
      const { code, words } = deck.language();
      const { title, artist, artwork: url } = deck.description();
      if (spoken !== code) {
        spoken = code;
        player.lang = code;
        player.dir = code === 'ar' ? 'rtl' : 'ltr';
        for (const element of root.querySelectorAll<HTMLElement>('[data-label]'))
          element.ariaLabel = words[element.dataset['label'] as keyof typeof words];
        find(root, '.retry').textContent = words.retry;
      }
      find(root, '.title').textContent = title;
      find(root, '.artist').textContent = artist;
      player.ariaLabel = [deck.picture()?.label() ?? words.player, title].filter(Boolean).join(': ');
      if (shown !== url) showArtwork(url);
      shown = url;
    },
  };
}
