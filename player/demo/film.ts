import type { BatonPlayer } from '../baton-player.ts';
import type { Demo } from './api.ts';
import { byId } from './view.ts';

/** Gives the film to its player; where there is none its part of the page goes. */
export function showFilm({ film }: Demo): void {
  const player = byId('film', HTMLElement) as HTMLElement & Pick<BatonPlayer, 'src'>;
  if (film === null) return void byId('film-card', HTMLElement).remove();
  player.setAttribute('title', film.title);
  player.src = film.url;
}
