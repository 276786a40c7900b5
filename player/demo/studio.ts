import { getStudio } from './api.ts';
import type { Studio } from './api.ts';
import { byId } from './view.ts';

const NAMES = { embed: 'Listener page', audio: 'For any player', stream: 'For the player of Baton' } as const;

getStudio().then(show, (error: unknown) => {
  byId('said', HTMLElement).textContent = error instanceof Error ? error.message : String(error);
});

function show({ station, token, listen }: Studio): void {
  const studio = byId('studio', HTMLElement) as HTMLElement & { token: string };
  studio.setAttribute('station', station);
  studio.token = token;
  const list = byId('listen', HTMLElement);
  for (const [kind, name] of Object.entries(NAMES)) {
    const term = document.createElement('dt');
    term.textContent = name;
    const link = document.createElement('a');
    link.href = listen[kind as keyof typeof NAMES];
    link.textContent = link.href;
    link.target = '_blank';
    const address = document.createElement('dd');
    address.append(link);
    list.append(term, address);
  }
}
