/** The studio without side effects: nothing is defined until `defineBatonStudio` is called. */
export { BatonStudio } from './studio/baton-studio.ts';
export type { StudioState } from './studio/baton-studio.ts';
export { defineBatonStudio } from './studio/define.ts';
export type { SourceChoice } from './studio/sound-source.ts';
export type { Links } from './studio/wire.ts';
