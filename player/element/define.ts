import { BatonPlayer } from './baton-player.ts';

/** Makes `<baton-player>` known to the page, once; does nothing on a server. */
export function defineBatonPlayer(): void {
  const registry = (globalThis as { customElements?: CustomElementRegistry }).customElements;
  if (registry !== undefined && registry.get('baton-player') === undefined)
    registry.define('baton-player', BatonPlayer);
}
