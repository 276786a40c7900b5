/** Characters of a feed, half-open, counted from its start. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** An attribute as it stands in a tag. */
export interface AttributePlace {
  /** Without its quotes. */
  readonly value: TextRange;
  readonly quote: string;
}

const NAME = /<[^\s/>]+/y;
const ATTRIBUTE = /\s+([^\s=/>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;
const END = /\s*\/?>$/y;

/** Where the attributes of a start tag are; `tag` is all of it, and begins at `at`. Null when it is not written as XML wants it. */
export function attributePlaces(tag: string, at: number): ReadonlyMap<string, AttributePlace> | null {
  const places = new Map<string, AttributePlace>();
  NAME.lastIndex = 0;
  if (!NAME.test(tag)) return null;
  ATTRIBUTE.lastIndex = NAME.lastIndex;
  let read = ATTRIBUTE.lastIndex;
  for (let match = ATTRIBUTE.exec(tag); match !== null; match = ATTRIBUTE.exec(tag)) {
    const [, name = '', double, single] = match as readonly (string | undefined)[];
    read = ATTRIBUTE.lastIndex;
    const end = at + read - 1;
    const place = { start: end - (double ?? single ?? '').length, end };
    if (places.has(name)) return null;
    places.set(name, { value: place, quote: double === undefined ? "'" : '"' });
  }
  END.lastIndex = read;
  return END.test(tag) ? places : null;
}
