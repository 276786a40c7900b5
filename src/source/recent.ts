/** Keeps the values that were used last. */
export interface Recent<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  values(): IterableIterator<V>;
}

/** At most `max` values; `dropped` hears of each one that had to go. */
export function recent<K, V>(max: number, dropped?: (value: V) => void): Recent<K, V> {
  const map = new Map<K, V>();

  function get(key: K): V | undefined {
    const value = map.get(key);
    if (value === undefined) return undefined;
    map.delete(key);
    map.set(key, value);
    return value;
  }

  function set(key: K, value: V): void {
    map.delete(key);
    map.set(key, value);
    for (const [oldest, old] of map) {
      if (map.size <= max) break;
      map.delete(oldest);
      dropped?.(old);
    }
  }

  return { get, set, delete: (key) => void map.delete(key), values: () => map.values() };
}
