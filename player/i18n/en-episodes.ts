/** What is said of a playlist, in English: loaded with the first one. */
export const EPISODES = {
  previous: 'Previous episode',
  next: 'Next episode',
} as const;
