/** The element without side effects: nothing is defined until `defineBatonPlayer` is called. */
export { BatonPlayer } from './element/baton-player.ts';
export { defineBatonPlayer } from './element/define.ts';
export type { Episode } from './element/playlist.ts';
export type { PlayerError } from './element/media-surface.ts';
export type { SleepChoice } from './element/sleep-timer.ts';
