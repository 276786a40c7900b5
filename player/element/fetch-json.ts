const TIMEOUT_MS = 15_000;

/** The JSON at `url`; null when there is none to be had: chapters and playlists are extras that playback does not wait for. */
export async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    return response.ok ? ((await response.json()) as unknown) : null;
  } catch {
    return null;
  }
}
