import type { BatonPlayer } from './element/baton-player.ts';

/** What a page knows of its episode or feed once its source has answered. */
interface PageDetails {
  readonly title?: string;
  readonly artist?: string;
  /** Relative to the page. */
  readonly artwork?: string;
  readonly chapters?: readonly object[];
  readonly playlist?: readonly object[];
  /** HTTP status of it. */
  readonly error?: { readonly status: number };
}

const ID = 'details';

/**
 * Gives `player` the details that stand in the page as a JSON block, which comes after the player and may come much later:
 * the source is asked while the player loads. When they say that nothing can be played, the player makes room for the
 * words that say why; of a failure that may pass it tries further, and takes the words away when it gets through.
 */
export function followDetails(player: BatonPlayer, page: Document, signal: AbortSignal): void {
  const look = (): void => {
    const block = page.getElementById(ID);
    if (block === null || (page.readyState === 'loading' && block.nextSibling === null)) return; // not whole yet
    arrival.disconnect();
    tell(player, page, asDetails(block.textContent), signal);
  };
  const arrival = new MutationObserver(look);
  arrival.observe(page.documentElement, { childList: true, subtree: true });
  signal.addEventListener('abort', () => arrival.disconnect(), { once: true });
  page.addEventListener('DOMContentLoaded', look, { once: true, signal });
  look();
}

function tell(
  player: BatonPlayer,
  page: Document,
  { title, artist, artwork, chapters, playlist, error }: PageDetails,
  signal: AbortSignal,
): void {
  if (title !== undefined) page.title = title;
  for (const [name, value] of Object.entries({ title, artist, artwork }))
    if (value !== undefined) player.setAttribute(name, value);
  if (chapters !== undefined && chapters.length > 0) player.chapters = chapters;
  if (playlist !== undefined) player.playlist = playlist;
  if (error === undefined) return;
  player.hidden = error.status < 500;
  player.addEventListener('loadedmetadata', () => page.querySelector('.failure')?.remove(), { once: true, signal });
}

function asDetails(text: string): PageDetails {
  try {
    const details: unknown = JSON.parse(text);
    return typeof details === 'object' && details !== null ? details : {};
  } catch {
    return {};
  }
}
