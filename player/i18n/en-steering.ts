/** What is said to who steers, in English: loaded with that. */
export const STEERING = {
  copied: 'Link copied: {link}',
} as const;
