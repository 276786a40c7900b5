/** What is said of channels only, in English: loaded with the first one. */
export const LIVE = {
  live: 'Live',
  toLive: 'Back to live',
  behindLive: '{time} behind live',
} as const;
