/** What a sleep timer says, in English: loaded with it. */
export const SLEEP = {
  asleep: 'Stopped by the sleep timer.',
} as const;
