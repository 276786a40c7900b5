import type { BatonPlayer } from '../baton-player.ts';
import { clockText } from '../time-text.ts';
import { getDemo, makeLink } from './api.ts';
import type { Demo, Link, Rendition } from './api.ts';
import { showDuel } from './duel.ts';
import { showFeeds } from './feeds.ts';
import { showFilm } from './film.ts';
import { measure } from './measure.ts';
import { showRadio } from './radio.ts';
import { snippets } from './snippets.ts';
import { addChoice, byId, showFact, showMeasured, showSnippets } from './view.ts';

/** What is being listened to: the demo episode, or an address of the visitor's own. */
type Source = { readonly kind: 'demo' } | { readonly kind: 'own'; readonly url: string };

/** The player waits this long for a measurement, so that both do not ask at once. */
const MEASURE_FIRST_MS = 2000;

const player = byId('player', HTMLElement) as HTMLElement &
  Pick<BatonPlayer, 'src' | 'currentTime' | 'duration' | 'paused' | 'play'>;
const form = byId('form', HTMLFormElement);
const said = byId('said', HTMLElement);

getDemo().then(start, (error: unknown) => say(error, true));

function start(demo: Demo): void {
  let source: Source = { kind: 'demo' };
  let rendition: Rendition | undefined = demo.renditions[0];
  let showing = new AbortController();
  const back = byId('back', HTMLButtonElement);
  const url = byId('url', HTMLInputElement);
  const submit = byId('submit', HTMLButtonElement);

  for (const [i, choice] of demo.renditions.entries()) {
    const input = addChoice(byId('renditions', HTMLElement), choice.label, choice.options);
    input.checked = i === 0;
    input.addEventListener('change', () => {
      rendition = choice;
      void show(source, false);
    });
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (URL.canParse(url.value.trim())) void show({ kind: 'own', url: url.value.trim() }, true);
    else say(new Error('That is not a full address. It starts with https:// or http://'), true);
  });
  back.addEventListener('click', () => void show({ kind: 'demo' }, false));
  player.addEventListener('durationchange', showDuration);
  player.addEventListener('loadedmetadata', showDuration);
  void show(source, false);
  showDuel(demo);
  showRadio(demo);
  showFilm(demo);
  showFeeds(demo).catch((error: unknown) => say(error, true));

  /** Makes the link, measures it, and gives it to the player, which goes on where it was. */
  async function show(next: Source, shouldPlay: boolean): Promise<void> {
    showing.abort();
    showing = new AbortController();
    const { signal } = showing;
    if (rendition === undefined) return;
    say('');
    submit.disabled = next.kind === 'own';
    try {
      const link = await linkTo(next, rendition);
      signal.throwIfAborted();
      const place = isSame(next, source) && player.currentTime > 0 ? player.currentTime : 0;
      const goesOn = shouldPlay || !player.paused;
      source = next;
      back.hidden = next.kind === 'demo';
      describe(next, link);
      await measured(link, signal);
      signal.throwIfAborted();
      load(link.url, place, goesOn);
    } catch (error) {
      if (!signal.aborted) say(error, true);
    } finally {
      submit.disabled = false;
    }
  }

  async function linkTo(next: Source, { url, framedUrl = null, embedUrl, options }: Rendition): Promise<Link> {
    if (next.kind === 'own') return makeLink(next.url, options);
    return embedUrl === undefined
      ? { ...(await makeLink(demo.episode.sourceUrl, options)), url }
      : { url, framedUrl, embedUrl };
  }

  function describe(next: Source, link: Link): void {
    const { title, artist, artwork } = next.kind === 'demo' ? demo.episode : ownEpisode(next.url);
    player.setAttribute('title', title);
    player.setAttribute('artist', artist);
    player.setAttribute('artwork', artwork);
    const [fileUrl, embedUrl, scriptUrl] = [link.url, link.embedUrl, '/player/baton-player.js'].map(absolute);
    if (fileUrl !== undefined && embedUrl !== undefined && scriptUrl !== undefined)
      showSnippets(
        snippets({ fileUrl, framedUrl: absoluteOrNone(link.framedUrl), embedUrl, scriptUrl, title, artist }),
      );
  }

  async function measured(link: Link, signal: AbortSignal): Promise<void> {
    const numbers = byId('numbers', HTMLElement);
    numbers.classList.add('measuring');
    const measuring = measure(absolute(link.url), signal).then((result) => {
      if (signal.aborted) return;
      showMeasured(result, source.kind === 'demo' ? demo.episode.sourceBytes : null);
      numbers.classList.remove('measuring');
    });
    await Promise.race([measuring, new Promise((resolve) => setTimeout(resolve, MEASURE_FIRST_MS))]);
  }
}

function load(url: string, place: number, shouldPlay: boolean): void {
  player.src = url;
  if (place > 0) player.currentTime = place;
  if (shouldPlay) player.play().catch(() => undefined); // the browser wants a click first: the play button is there
}

function showDuration(): void {
  const { duration } = player;
  const exact = Number.isFinite(duration) ? `${duration.toFixed(2)} seconds` : '';
  showFact('duration', clockText(duration), exact);
}

function say(what: unknown, isWrong = false): void {
  said.textContent = what instanceof Error ? what.message : String(what);
  said.classList.toggle('wrong', isWrong);
}

function ownEpisode(url: string): { title: string; artist: string; artwork: string } {
  const { hostname, pathname } = new URL(url);
  const name = pathname.split('/').findLast((part) => part !== '') ?? hostname;
  return { title: name, artist: hostname, artwork: '' };
}

const isSame = (a: Source, b: Source): boolean =>
  a.kind === 'own' ? b.kind === 'own' && a.url === b.url : b.kind === 'demo';

const absoluteOrNone = (url: string | null | undefined): string | null => (url == null ? null : absolute(url));

const absolute = (url: string): string => new URL(url, location.href).href;
