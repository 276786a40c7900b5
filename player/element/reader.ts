import { parseChapters } from './chapters.ts';
import { fetchJson } from './fetch-json.ts';
import { parsePlaylist } from './playlist.ts';

export { createChapterTrack } from './chapter-track.ts';
export { createSteps } from './episode-steps.ts';

/** Reads chapters and playlists; loaded, with what shows them, when there is something to read. */
export const READERS = { chapters: parseChapters, playlist: parsePlaylist } as const;

/** The value itself, what JSON text says, or what is at an address (relative to `base`); null when nothing can be read. */
export async function resolveValue(value: unknown, base: string, signal: AbortSignal): Promise<unknown> {
  if (typeof value !== 'string') return value;
  if (/^\s*[[{]/.test(value)) return parsed(value);
  return URL.canParse(value, base) ? fetchJson(new URL(value, base).href, signal) : null;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
