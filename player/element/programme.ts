import type { Chapter, Details, MediaSourceOption } from '../playback.ts';
import type { Description } from './deck.ts';
import type { Episode } from './playlist.ts';
import { sourceList } from './source-list.ts';

/** What there is to play and what is known of it: from attributes, a playlist, and what the stream itself tells. */
export interface Programme {
  sources(): readonly MediaSourceOption[];
  readonly description: () => Description;
  readonly chapters: () => readonly Chapter[];
  readonly episodes: () => readonly Episode[];
  readonly episode: () => number;
  /** Makes another entry of the playlist the present one. */
  select(episode: number): void;
  /** A list of episodes, JSON text, or the address of JSON; null for none. Takes effect when it is read. */
  setPlaylist(value: unknown): void;
  /** A list of chapters, podcast JSON chapters or their address; null for those of the episode or the stream. */
  setChapters(value: unknown): void;
  setDetails(details: Details | null): void;
}

/** `changed` is called when other sources are there, `described` when something else is known of the same ones. */
export function createProgramme(
  host: HTMLElement & { readonly src: string },
  changed: () => void,
  described: () => void,
): Programme {
  let episodes: readonly Episode[] = [];
  let at = 0;
  let own: readonly Chapter[] | null = null;
  let ofEpisode: readonly Chapter[] | null = null;
  let details: Details | null = null;

  function select(next: number): void {
    at = next;
    [ofEpisode, details] = [null, null];
    readOfEpisode(episodes[next]?.chapters ?? null);
  }

  const readOfEpisode = latest('chapters', host, (list) => {
    ofEpisode = list;
    described();
  });

  return {
    sources: () => episodes[at]?.sources ?? sourceList(host),
    description() {
      const episode = episodes[at];
      const told = (name: keyof Description): string => host.getAttribute(name) ?? '';
      const onNow = details?.time === undefined ? null : details;
      return {
        title: firstOf(onNow?.title, episode?.title, told('title'), details?.title),
        artist: firstOf(onNow?.artist, episode?.artist, told('artist'), details?.artist),
        album: firstOf(told('album'), details?.station),
        artwork: firstOf(episode?.artwork, told('artwork')),
      };
    },
    chapters: () => own ?? ofEpisode ?? details?.chapters ?? NONE,
    episodes: () => episodes,
    episode: () => at,
    select,
    setPlaylist: latest('playlist', host, (list) => {
      episodes = list ?? NONE;
      select(0);
      changed();
    }),
    setChapters: latest('chapters', host, (list) => {
      own = list;
      described();
    }),
    setDetails(told) {
      details = told;
      described();
    },
  };
}

/** The first text that says anything. */
const firstOf = (...texts: readonly (string | undefined)[]): string =>
  texts.find((text) => text !== undefined && text !== '') ?? '';

const NONE: readonly never[] = [];

interface Read {
  readonly chapters: readonly Chapter[];
  readonly playlist: readonly Episode[];
}

/** Reads the value it is given and hands over the list; a later value takes the place of one that is still being read. */
function latest<K extends keyof Read>(
  kind: K,
  host: HTMLElement,
  then: (list: Read[K] | null) => void,
): (value: unknown) => void {
  let reading = new AbortController();
  return (value) => {
    reading.abort();
    if (value == null || value === '') return void then(null);
    const { signal } = (reading = new AbortController());
    import('./reader.ts')
      .then(async ({ READERS, resolveValue }) => {
        const list = READERS[kind](await resolveValue(value, host.baseURI, signal), host.baseURI) as Read[K];
        if (!signal.aborted) then(list);
      })
      .catch(() => undefined); // without the network there is nothing to be had either
  };
}
