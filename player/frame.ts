import { BatonPlayer } from './element/baton-player.ts';
import { defineBatonPlayer } from './element/define.ts';
import { serveFrame } from './frame-api.ts';
import { followDetails } from './page-details.ts';

// The script of a page that is made to be framed: the player in it, the messages that steer it, and what the page tells
// of it later. It may run before the player has been parsed.
const { signal } = new AbortController();
defineBatonPlayer();

const begin = (): boolean => {
  const player = document.querySelector('baton-player');
  if (!(player instanceof BatonPlayer)) return false;
  arrival.disconnect();
  serveFrame(player, { allowedOrigins: null, signal });
  followDetails(player, document, signal);
  return true;
};
const arrival = new MutationObserver(begin);
if (!begin()) arrival.observe(document.documentElement, { childList: true, subtree: true });
