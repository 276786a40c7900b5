import type { Demo } from './api.ts';
import { createLog } from './log.ts';
import { byId } from './view.ts';

const FRAMED_EVENTS = ['handover', 'retry', 'recovered', 'discontinuity', 'failed', 'waiting', 'ended'];
const PLAIN_EVENTS = ['waiting', 'stalled', 'error', 'ended'];

/** Sets two players of one episode side by side, the framed stream and the plain file, and lets the visitor break things. */
export function showDuel({ framed, renditions, episode }: Demo): void {
  const player = byId('framed', HTMLElement);
  const plain = byId('plain', HTMLAudioElement);
  player.setAttribute('title', episode.title);
  player.setAttribute('artist', episode.artist);
  player.setAttribute('artwork', episode.artwork);
  player.append(...framed.map(({ url, type }) => Object.assign(document.createElement('source'), { src: url, type })));
  plain.src = renditions.find(({ options }) => options === 'codec.mp3~bitrate.128k')?.url ?? '';
  const log = createLog(byId('log', HTMLElement));
  log.watch(player as unknown as HTMLMediaElement, 'Framed', FRAMED_EVENTS);
  log.watch(plain, 'Plain', PLAIN_EVENTS);
  log.offer(byId('breaks', HTMLElement).querySelectorAll('button'));
}
