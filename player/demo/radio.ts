import type { BatonPlayer } from '../baton-player.ts';
import type { Details } from '../core/engine.ts';
import type { Demo } from './api.ts';
import { createLog } from './log.ts';
import { byId, showFact } from './view.ts';

const EVENTS = ['handover', 'retry', 'recovered', 'discontinuity', 'failed', 'waiting'];

/** Tunes a player in to the station of the demo, and counts what becomes of its legs. */
export function showRadio({ radio, episode }: Demo): void {
  const player = byId('radio', HTMLElement) as HTMLElement & Pick<BatonPlayer, 'src' | 'stats'>;
  const log = createLog(byId('radio-log', HTMLElement));
  let handovers = 0;
  player.setAttribute('title', radio.name);
  player.setAttribute('artwork', episode.artwork);
  player.src = radio.url;
  log.watch(player as unknown as HTMLMediaElement, 'Radio', EVENTS);
  log.offer(byId('radio-breaks', HTMLElement).querySelectorAll('button'));
  player.addEventListener('metadata', (event) => {
    const { title, artist } = (event as CustomEvent<Details>).detail;
    if (title !== undefined) log.note('Radio', `now playing: ${[artist, title].filter(Boolean).join(' – ')}`);
  });
  player.addEventListener('handover', () => {
    handovers += 1;
    count();
  });
  player.addEventListener('stats', count);

  function count(): void {
    const { damagedMs, legCount } = player.stats;
    showFact('radio-handovers', String(handovers), legCount === 1 ? 'one leg' : `${legCount} legs`);
    showFact('radio-lost', `${damagedMs} ms`, 'of the sound');
  }
}
