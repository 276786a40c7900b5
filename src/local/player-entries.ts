/** What players load later by themselves: with the first source or leg, with that of a channel, and with an HLS playlist. */
const CORE_LATER = {
  playhead: 'core/playhead.ts',
  stall: 'core/stall.ts',
  live: 'core/live.ts',
  film: 'core/film.ts',
  hls: 'core/playlist-feed.ts',
  'hls-light': 'core/hls-light.ts',
  'hls-full': 'core/hls-full.ts',
} as const;

/** What the element loads besides: dictionaries, and what not every listener uses. */
const LATER = {
  ...CORE_LATER,
  'live-view': 'element/live-view.ts',
  picture: 'element/picture.ts',
  drawers: 'element/drawer-contents.ts',
  reader: 'element/reader.ts',
  'sleep-timer': 'element/sleep-watch.ts',
  steering: 'element/steering.ts',
  refusals: 'element/refusals.ts',
  'i18n/ar': 'i18n/ar.ts',
  'i18n/de': 'i18n/de.ts',
  'i18n/es': 'i18n/es.ts',
  'i18n/fr': 'i18n/fr.ts',
  'i18n/it': 'i18n/it.ts',
  'i18n/ja': 'i18n/ja.ts',
  'i18n/pt': 'i18n/pt.ts',
} as const;

/** Each script of the browser with what it loads later: where it is served below `/player/`, and its source there. */
export const PLAYER_ENTRIES: readonly Readonly<Record<string, string>>[] = [
  { 'baton-player': 'baton-player.ts', ...LATER },
  { element: 'element.ts', ...LATER },
  { frame: 'frame.ts', ...LATER },
  { 'frame-client': 'frame-client.ts' },
  { core: 'core.ts', ...CORE_LATER },
  { 'baton-studio': 'baton-studio.ts', 'studio-tap': 'studio/studio-tap.ts' },
  { studio: 'studio.ts', 'studio-tap': 'studio/studio-tap.ts' },
  { demo: 'demo/demo.ts' },
  { 'demo-studio': 'demo/studio.ts' },
];

/** Only the demo of the local server runs them. */
const DEMO = /^demo(?:-|$)/;

/** Names of the scripts that are deployed. */
export const PUBLISHED_SCRIPTS: readonly string[] = [
  ...new Set(PLAYER_ENTRIES.flatMap((entries) => Object.keys(entries))),
].filter((name) => !DEMO.test(name));
