import { getStudio } from './api.ts';
import type { Studio } from './api.ts';
import { byId } from './view.ts';

const NAMES = { embed: 'Listener page', audio: 'For any player', stream: 'For the player of Baton' } as const;

getStudio().then(show, (error: unknown) => {
  byId('said', HTMLElement).textContent = error instanceof Error ? error.message : String(error);
});

type Links = Readonly<Record<keyof typeof NAMES, string>>;

function show({ station, token, listen }: Studio): void {
  const studio = byId('studio', HTMLElement) as HTMLElement & { token: string; readonly links: Links | null };
  studio.setAttribute('station', station);
  studio.token = token;
  list(listen);
  // Those of a show with a camera have its pictures.
  studio.addEventListener('statechange', () => list(studio.links ?? listen));
}

function list(links: Links): void {
  const entries = Object.entries(NAMES).flatMap(([kind, name]) => {
    const term = document.createElement('dt');
    term.textContent = name;
    const link = document.createElement('a');
    link.href = links[kind as keyof typeof NAMES];
    link.textContent = link.href;
    link.target = '_blank';
    const address = document.createElement('dd');
    address.append(link);
    return [term, address];
  });
  byId('listen', HTMLElement).replaceChildren(...entries);
}
