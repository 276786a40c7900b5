/** Does what is to be done about a channel, one thing after the other; gives what comes of it. */
export type InTurn = <T>(channel: string, operate: () => Promise<T>) => Promise<T>;

/** Channels do not wait for each other, and nothing fails because of what was before it. */
export function createTurns(): InTurn {
  const turns = new Map<string, Promise<unknown>>();
  return async (channel, operate) => {
    const before = turns.get(channel) ?? Promise.resolve();
    const mine = before.then(operate);
    const settled = mine.catch(() => undefined);
    turns.set(channel, settled);
    return await mine.finally(() => turns.get(channel) === settled && turns.delete(channel));
  };
}
