import type { Demo } from './api.ts';
import { getFeed, readText } from './api.ts';
import { byId } from './view.ts';

const AGAIN_MS = 2500;
const TIMES = 6;

/** Shows a podcast feed before and after Baton; lines that differ stand out. */
export async function showFeeds({ feed }: Demo): Promise<void> {
  byId('feed-url', HTMLElement).textContent = new URL(feed.url, location.href).href;
  const list = byId('feed-list', HTMLIFrameElement);
  list.src = feed.embedUrl;
  const before = await getFeed();
  show('before', before, before);
  // Lengths are found out behind the first answer: what is not known yet stays as it was.
  for (let times = 0; times < TIMES; times++) {
    const after = await readText(feed.url);
    show('after', after, before);
    show('before', before, after);
    if (!after.includes(`url="${feed.sourceUrl.replace(/\/[^/]*$/, '')}`)) return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function show(id: string, text: string, other: string): void {
  const known = new Set(other.split('\n').map((line) => line.trim()));
  const lines = text.split('\n').map((line) => {
    const row = document.createElement('span');
    row.textContent = `${line}\n`;
    row.classList.toggle('changed', !known.has(line.trim()));
    return row;
  });
  byId(id, HTMLElement).replaceChildren(...lines);
}
