/** What the player says, in English; `{name}` stands for a value. The other languages say the same under the same names. */
export const WORDS = {
  player: 'Audio player',
  play: 'Play',
  pause: 'Pause',
  back: 'Back 15 seconds',
  forward: 'Forward 30 seconds',
  position: 'Position',
  of: '{position} of {duration}',
  notLoaded: 'not loaded',
  unknownTime: 'unknown time',
  speed: 'Speed',
  volume: 'Volume',
  mute: 'Mute',
  unmute: 'Unmute',
  chapters: 'Chapters',
  episodes: 'Episodes',
  sleep: 'Sleep timer',
  share: 'Copy link to this moment',
  retry: 'Try again',
  offline: 'You are offline.',
  unreachable: 'The server cannot be reached.',
  broke: 'The connection broke.',
  reconnecting: 'Reconnecting…',
  goesOn: 'It goes on when the connection is back.',
  pressPlay: 'Press play to try again.',
  statistics: 'Statistics',
} as const;

/** A dictionary without what is loaded later. */
export type Words = { readonly [Name in keyof typeof WORDS]: string };
