/** Prefixes and what they stand for where an element is (Namespaces in XML 1.0); '' is the default. Never changed. */
export type Scope = ReadonlyMap<string, string>;

export const NO_SCOPE: Scope = new Map();

/** The podcast namespace as Baton declares it. */
export const PODCAST_NAMESPACE = 'https://podcastindex.org/namespace/1.0';

/** Feeds name the namespaces in several ways. */
const PODCAST = /^https?:\/\/(?:www\.)?podcastindex\.org\/namespace\/|^https?:\/\/github\.com\/podcastindex-org\//i;
const ITUNES = /^https?:\/\/www\.itunes\.com\/dtds\/podcast/i;

/** The scope of an element with these attributes in an element of scope `outer`. */
export function scopeOf(outer: Scope, attributes: Readonly<Record<string, string>>): Scope {
  let inner: Map<string, string> | null = null;
  for (const name of Object.keys(attributes)) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
    inner ??= new Map(outer);
    inner.set(name.slice(6), attributes[name] ?? '');
  }
  return inner ?? outer;
}

/** The prefix that stands for the podcast namespace; null: none does. */
export function podcastPrefix(scope: Scope): string | null {
  for (const [prefix, uri] of scope) if (prefix !== '' && PODCAST.test(uri)) return prefix;
  return null;
}

/** What an element belongs to. Prefixes that were never declared mean what people mean by them. */
export function vocabulary(scope: Scope, prefix: string): 'podcast' | 'itunes' | null {
  const uri = scope.get(prefix);
  if (uri === undefined) return prefix === 'podcast' || prefix === 'itunes' ? prefix : null;
  if (PODCAST.test(uri)) return 'podcast';
  return ITUNES.test(uri) ? 'itunes' : null;
}
