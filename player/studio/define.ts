import { BatonStudio } from './baton-studio.ts';

/** Makes `<baton-studio>` known to the page, once; does nothing on a server. */
export function defineBatonStudio(): void {
  const registry = (globalThis as { customElements?: CustomElementRegistry }).customElements;
  if (registry !== undefined && registry.get('baton-studio') === undefined)
    registry.define('baton-studio', BatonStudio);
}
