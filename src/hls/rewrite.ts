import { referencesIn, isKeySystem, type Reference } from './references.ts';
import type { Line } from './lines.ts';
import { playlistKind } from './kind.ts';
import { queryParameter, substituted, variablesOf, type Variables } from './variables.ts';
import { playlistAddress } from './address.ts';

/**
 * What to put in the place of an address, which is given whole. Null leaves the line out. May not hold quotes or line ends.
 */
export type Replace = (url: string, reference: Reference) => string | null;

/**
 * A playlist with other addresses; all else stays as it is, to the byte, whether or not anybody knows the tag. Gives it
 * line by line. Variables in addresses are replaced, and those of the query are given their values, since the new address has
 * no query, or with `hidesQuery` none, since the address of the playlist is a secret.
 * @throws PLAYLIST_INVALID, PLAYLIST_TOO_LARGE
 */
export function* rewritePlaylist(
  lines: readonly Line[],
  base: string,
  replace: Replace,
  importable?: Variables,
  hidesQuery = false,
): Generator<string, void> {
  const kind = playlistKind(lines);
  const variables = variablesOf(lines, base, importable);
  for (const line of lines) {
    if (line.name === 'EXT-X-DEFINE') {
      yield defined(line, variables, hidesQuery);
      continue;
    }
    let text = '';
    let done = 0;
    let isKept = true;
    for (const reference of referencesIn(line, kind)) {
      if (isKeySystem(reference)) continue;
      const put = replace(playlistAddress(substituted(reference.uri, variables), base), reference);
      if (put === null) {
        isKept = false;
        break;
      }
      const isQuoted = reference.attributes.length > 0;
      text += line.text.slice(done, reference.start) + (isQuoted ? `"${put}"` : put);
      done = reference.end;
    }
    if (isKept) yield text + line.text.slice(done) + line.ending;
  }
}

function defined(line: Line, variables: Variables, hidesQuery: boolean): string {
  const parameter = queryParameter(line);
  const value = parameter === null ? undefined : variables.get(parameter);
  if (parameter === null || value === undefined) return line.text + line.ending;
  return `#EXT-X-DEFINE:NAME="${parameter}",VALUE="${(hidesQuery ? '' : value).replaceAll('"', '%22')}"${line.ending}`;
}
