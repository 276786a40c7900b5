/** A response that the edge keeps. */
export interface Kept {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  readonly freshUntil: number;
}

/** The newest responses, up to a number of bytes; the least recently used leave first. */
export interface EdgeCache {
  get(object: string, part: string): Kept | null;
  set(object: string, part: string, kept: Kept): void;
  /** The parts there are of an object, such as its byte ranges. */
  parts(object: string): readonly string[];
  /** More bytes than one response may have to be kept. */
  readonly objectBytes: number;
  clear(): void;
}

/** What an entry costs besides its body. */
const OVERHEAD = 2048;

export function edgeCache(mostBytes: number): EdgeCache {
  const objects = new Map<string, Map<string, Kept>>();
  const recent = new Map<string, { readonly object: string; readonly part: string; readonly bytes: number }>();
  let bytes = 0;
  const drop = (object: string, part: string): void => {
    const key = join(object, part);
    bytes -= recent.get(key)?.bytes ?? 0;
    recent.delete(key);
    const parts = objects.get(object);
    parts?.delete(part);
    if (parts?.size === 0) objects.delete(object);
  };
  return {
    objectBytes: Math.floor(mostBytes / 4),
    get: (object, part) => {
      const kept = objects.get(object)?.get(part) ?? null;
      const key = join(object, part);
      const use = recent.get(key);
      if (use !== undefined) {
        recent.delete(key);
        recent.set(key, use);
      }
      return kept;
    },
    set: (object, part, kept) => {
      drop(object, part);
      const size = kept.body.length + OVERHEAD;
      const parts = objects.get(object) ?? new Map<string, Kept>();
      objects.set(object, parts.set(part, kept));
      recent.set(join(object, part), { object, part, bytes: size });
      bytes += size;
      for (const oldest of recent.values()) {
        if (bytes <= mostBytes) break;
        drop(oldest.object, oldest.part);
      }
    },
    parts: (object) => [...(objects.get(object)?.keys() ?? [])],
    clear: () => {
      objects.clear();
      recent.clear();
      bytes = 0;
    },
  };
}

const join = (object: string, part: string): string => `${object}\n\n${part}`;
