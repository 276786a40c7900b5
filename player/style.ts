/** All of the player's look. Colours follow the page's or the system's colour scheme and are variables of the host. */
export const STYLE = `
:host {
  --_accent: var(--baton-accent, light-dark(#0f766e, #5ad1c0));
  --_on-accent: var(--baton-on-accent, light-dark(#ffffff, #06231f));
  --_surface: var(--baton-surface, light-dark(#ffffff, #1b1d20));
  --_text: var(--baton-text, light-dark(#1c2023, #eceeef));
  --_quiet: var(--baton-text-quiet, light-dark(#596169, #a2abb3));
  --_line: var(--baton-line, light-dark(#dfe3e6, #32373c));
  --_track: var(--baton-track, light-dark(#e3e7ea, #363b41));
  --_buffered: var(--baton-buffered, light-dark(#bcc6cc, #586169));
  --_radius: var(--baton-radius, 16px);
  --_font: var(--baton-font, -apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif);
  color-scheme: light dark;
  container-type: inline-size;
  display: block;
  min-width: 200px;
  text-align: start;
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }

.player {
  display: grid;
  grid-template: 'heading heading' auto 'seek seek' auto 'elapsed total' auto 'transport transport' auto 'options options' auto 'notice notice' auto / 1fr 1fr;
  align-items: center;
  padding: 12px;
  border: 1px solid var(--_line);
  border-radius: var(--_radius);
  background: var(--_surface);
  color: var(--_text);
  font: 400 14px/1.4 var(--_font);
  -webkit-tap-highlight-color: transparent;
}
.artwork { grid-area: artwork; display: none; width: 100%; aspect-ratio: 1; border-radius: calc(var(--_radius) * .6); object-fit: cover; background: var(--_track); }
.heading { grid-area: heading; min-width: 0; }
.title { font-weight: 600; font-size: 15px; line-height: 1.35; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.artist { color: var(--_quiet); font-size: 13px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.title:empty, .artist:empty { display: none; }

.seek { grid-area: seek; position: relative; height: 28px; margin-inline: -7px; }
.track { position: absolute; inset: 11px 7px; overflow: hidden; border-radius: 3px; background: var(--_track); }
.buffered, .played { position: absolute; inset: 0; }
.played { width: 0; border-radius: 3px; background: var(--_accent); }
.time { color: var(--_quiet); font-size: 12px; font-variant-numeric: tabular-nums; line-height: 16px; }
.elapsed { grid-area: elapsed; }
.total { grid-area: total; text-align: end; }

.slider { appearance: none; margin: 0; padding: 0; height: 28px; border-radius: 8px; background: transparent; color: inherit; cursor: pointer; }
.position { position: absolute; inset: 0; width: 100%; }
.slider:disabled { cursor: default; }
.slider::-webkit-slider-thumb { appearance: none; width: 14px; height: 14px; border: 0; border-radius: 50%; background: var(--_accent); box-shadow: 0 0 0 3px var(--_surface); transition: transform .15s; }
.slider::-moz-range-thumb { width: 14px; height: 14px; border: 0; border-radius: 50%; background: var(--_accent); box-shadow: 0 0 0 3px var(--_surface); }
.slider:disabled::-webkit-slider-thumb { visibility: hidden; }
.slider:disabled::-moz-range-thumb { visibility: hidden; }
.slider:active::-webkit-slider-thumb { transform: scale(1.2); }
.volume { display: none; width: 76px; }
.volume::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--_text) var(--_level, 100%), var(--_track) 0); }
.volume::-moz-range-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--_text) var(--_level, 100%), var(--_track) 0); }
.volume::-webkit-slider-thumb { width: 12px; height: 12px; margin-top: -4px; background: var(--_text); box-shadow: none; }
.volume::-moz-range-thumb { width: 12px; height: 12px; background: var(--_text); box-shadow: none; }

button, select { font: inherit; color: inherit; margin: 0; border: 0; background: transparent; cursor: pointer; touch-action: manipulation; }
button { display: inline-grid; place-items: center; padding: 0; }
.transport { grid-area: transport; display: flex; align-items: center; justify-content: center; gap: 10px; margin-top: 4px; }
.transport button, .mute { width: 40px; height: 40px; border-radius: 50%; }
.transport .play { position: relative; width: 48px; height: 48px; background: var(--_accent); color: var(--_on-accent); transition: transform .15s; }
.play:active { transform: scale(.95); }
.icon { width: 24px; height: 24px; fill: currentColor; }
.icon.skip { width: 28px; height: 28px; }
.play .icon { width: 26px; height: 26px; grid-area: 1 / 1; }
.line { fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
text { font: 700 7.4px/1 var(--_font); letter-spacing: -.2px; fill: currentColor; }
.to-pause, .wanted .to-play { display: none; }
.wanted .to-pause { display: block; }
.quiet, .muted { display: none; }
.is-quiet .quiet, .is-muted .muted { display: block; }
.is-quiet .loud, .is-muted .loud, .is-muted .quiet { display: none; }

.options { grid-area: options; display: flex; align-items: center; justify-content: center; gap: 8px; }
.speed { appearance: none; min-width: 46px; height: 28px; padding: 0 8px; border: 1px solid var(--_line); border-radius: 14px; background: transparent; font-size: 13px; font-weight: 600; font-variant-numeric: tabular-nums; text-align: center; text-align-last: center; }
.speed option { background: Canvas; color: CanvasText; font-weight: 400; }
@media (hover: hover) {
  .transport button:not(.play):hover, .mute:hover, .speed:hover { background: color-mix(in srgb, var(--_text) 8%, transparent); }
  .play:hover { background: color-mix(in srgb, var(--_accent) 88%, var(--_text)); }
}
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }

.ring { position: absolute; inset: -4px; border: 2px solid transparent; border-radius: 50%; pointer-events: none; }
.busy .ring { border-color: color-mix(in srgb, var(--_accent) 25%, transparent); border-top-color: var(--_accent); animation: turn .9s linear .3s infinite; }
@keyframes turn { to { transform: rotate(1turn); } }

.notice { grid-area: notice; display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; }
.message { flex: 1 1 12em; font-size: 13px; color: var(--_quiet); }
.failed .message { color: var(--_text); }
.message:not(:empty) { margin-top: 10px; padding-inline-start: 10px; border-inline-start: 3px solid var(--_accent); animation: appear .3s .5s backwards; }
.failed .message:not(:empty) { animation: none; border-color: light-dark(#b45309, #fbbf24); }
@keyframes appear { from { opacity: 0; } }
.retry { margin-top: 10px; height: 32px; padding: 0 14px; border: 1px solid var(--_line); border-radius: 16px; font-size: 13px; font-weight: 600; }
.retry:hover { border-color: var(--_quiet); }

@container (min-width: 300px) {
  .player { grid-template: 'heading heading heading' auto 'seek seek seek' auto 'elapsed . total' auto 'options transport mute' auto 'notice notice notice' auto / 1fr auto 1fr; padding: 16px; }
  .has-artwork { grid-template: 'artwork heading heading heading' auto 'seek seek seek seek' auto 'elapsed elapsed . total' auto 'options options transport mute' auto 'notice notice notice notice' auto / 56px 1fr auto 1fr; }
  .has-artwork .artwork { display: block; }
  .has-artwork .heading { padding-inline-start: 12px; }
  .has-artwork .seek { margin-top: 8px; }
  .options { display: contents; }
  .speed { grid-area: options; justify-self: start; margin-top: 4px; }
  .mute { grid-area: mute; justify-self: end; margin: 4px -8px 0 0; }
}
@container (min-width: 460px) {
  .player { grid-template: 'heading heading heading' auto 'row row row' auto 'elapsed seek total' auto 'notice notice notice' auto / auto 1fr auto; }
  .has-artwork { grid-template: 'artwork heading heading heading' auto 'artwork row row row' 1fr 'artwork elapsed seek total' auto 'notice notice notice notice' auto / 132px auto 1fr auto; column-gap: 0; }
  .has-artwork .artwork { width: 132px; }
  .has-artwork :is(.heading, .transport, .elapsed) { margin-inline-start: 18px; }
  .has-artwork .heading { padding: 0; }
  .has-artwork .seek { margin-top: 0; }
  .has-artwork .transport { margin-inline-start: 11px; }
  .title { font-size: 17px; }
  .transport { grid-area: row; justify-self: start; margin-inline-start: -7px; gap: 4px; }
  .options { display: flex; grid-area: row; justify-self: end; margin-top: 4px; }
  .speed, .mute { margin: 0; }
  .volume { display: block; }
  .seek { margin-inline: 5px; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before { transition: none !important; animation: none !important; }
  .busy .ring { border-color: var(--_accent); border-style: dashed; }
}
@media (forced-colors: active) {
  .played, .slider::-webkit-slider-thumb { background: Highlight; forced-color-adjust: none; }
  .player, button { border: 1px solid ButtonText; }
}
`;
