/** A name for a show that no other of the channel has: its day, and a few characters by chance. */
export const showOf = (day: Date, random: () => number): string =>
  `${day.toISOString().slice(0, 10)}-${Math.floor(random() * 36 ** 8)
    .toString(36)
    .padStart(8, '0')}`;
