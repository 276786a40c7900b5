import type { BatonPlayer } from './element/baton-player.ts';
import { defineBatonPlayer } from './element/define.ts';

declare global {
  interface HTMLElementTagNameMap {
    'baton-player': BatonPlayer;
  }
}

export { BatonPlayer } from './element/baton-player.ts';

defineBatonPlayer();
