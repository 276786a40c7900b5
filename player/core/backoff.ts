const SHORTEST_MS = 200;
const LONGEST_MS = 8000;

/**
 * How long to wait before attempt `attempt` (0 is the first) to reach a server again, in milliseconds: 200 to 8000,
 * doubling, and spread at random over the upper half so that listeners of one server do not return all at once.
 */
export function backoffMs(attempt: number, random: () => number): number {
  const longest = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** (attempt + 1));
  const shortest = Math.max(SHORTEST_MS, longest / 2);
  return shortest + random() * (longest - shortest);
}
