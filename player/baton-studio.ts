import type { BatonStudio } from './studio/baton-studio.ts';
import { defineBatonStudio } from './studio/define.ts';

declare global {
  interface HTMLElementTagNameMap {
    'baton-studio': BatonStudio;
  }
}

export { BatonStudio } from './studio/baton-studio.ts';

defineBatonStudio();
