/**
 * What `ask` gives for 0 to `count`, in order, with `atOnce` of them asked for at once. When one fails, those under way are
 * stopped, no further ones are asked for, and what it failed with is thrown.
 */
export async function inTurns<T>(
  count: number,
  atOnce: number,
  ask: (number: number, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T[]> {
  const found: T[] = [];
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  const worker = async (): Promise<void> => {
    try {
      for (let number = next++; number < count; number = next++) found[number] = await ask(number, either);
    } catch (error) {
      next = count;
      failed.abort(error);
      throw error;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return found;
}
