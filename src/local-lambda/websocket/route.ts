const PREFIX = '$request.body.';

/**
 * The route key of a message: what the expression finds in it if there is such a route, else `$default` (also for what
 * is not JSON), else null. Of JSONPath only member names are known.
 */
export function routeOf(body: string, expression: string, keys: readonly string[]): string | null {
  const path = expression.replace(/^\$\{(.*)\}$/, '$$$1');
  const found = path.startsWith(PREFIX) ? textAt(parsed(body), path.slice(PREFIX.length).split('.')) : null;
  if (found !== null && !found.startsWith('$') && keys.includes(found)) return found;
  return keys.includes('$default') ? '$default' : null;
}

function textAt(value: unknown, [name, ...rest]: readonly string[]): string | null {
  if (name === undefined) return value === undefined || value === null ? null : asText(value);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
  return textAt((value as Readonly<Record<string, unknown>>)[name], rest);
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
