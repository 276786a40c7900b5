import { LAYOUT_STYLE } from './style-layout.ts';

/** All of the player's look. Colours follow the page's or the system's colour scheme and are variables of the host. */
export const STYLE = `
:host {
  --_accent: var(--baton-accent, light-dark(#0f766e, #5ad1c0));
  --_on-accent: var(--baton-on-accent, light-dark(#fff, #06231f));
  --_surface: var(--baton-surface, light-dark(#fff, #1b1d20));
  --_text: var(--baton-text, light-dark(#1c2023, #eceeef));
  --_quiet: var(--baton-text-quiet, color-mix(in srgb, var(--_text) 68%, var(--_surface)));
  --_line: var(--baton-line, color-mix(in srgb, var(--_text) 13%, var(--_surface)));
  --_track: var(--baton-track, color-mix(in srgb, var(--_text) 13%, var(--_surface)));
  --_buffered: var(--baton-buffered, color-mix(in srgb, var(--_text) 30%, var(--_surface)));
  --_warning: var(--baton-warning, light-dark(#b45309, #fbbf24));
  --_radius: var(--baton-radius, 16px);
  --_font: var(--baton-font, system-ui, sans-serif);
  --_hover: color-mix(in srgb, var(--_text) 8%, transparent);
  color-scheme: light dark;
  container-type: inline-size;
  display: block;
  min-width: 200px;
  text-align: start;
}
:host([theme='light']) { color-scheme: light; }
:host([theme='dark']) { color-scheme: dark; }
:host([hidden]), :host([no-ui]), :host([controls='false']) { display: none; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }

.player {
  border: 1px solid var(--_line);
  border-radius: var(--_radius);
  background: var(--_surface);
  color: var(--_text);
  font: 400 14px/1.4 var(--_font);
  font-variant-numeric: tabular-nums;
}
.artwork { display: none; width: 56px; aspect-ratio: 1; border-radius: calc(var(--_radius) * .6); object-fit: cover; background: var(--_track); }
.title { font-weight: 600; font-size: 15px; line-height: 1.35; }
.artist { color: var(--_quiet); font-size: 13px; }
.title, .artist, .chapter { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.title:empty, .artist:empty { display: none; }

.seek { position: relative; height: 28px; margin-inline: -7px; }
.track { position: absolute; inset: 11px 7px; overflow: hidden; border-radius: 3px; background: var(--_track); }
.buffered, .played, .marks { position: absolute; inset: 0; }
.played { border-radius: 3px; background: var(--_accent); }
.times { display: grid; grid-template-columns: auto 1fr auto; gap: 8px; color: var(--_quiet); font-size: 12px; line-height: 16px; }
.chapter { text-align: center; }

.slider { margin: 0; height: 28px; border-radius: 8px; cursor: pointer; direction: ltr; }
.position { appearance: none; position: absolute; inset: 0; width: 100%; background: transparent; }
.slider:disabled { cursor: default; }
.position::-webkit-slider-thumb { appearance: none; width: 14px; height: 14px; border: 0; border-radius: 50%; background: var(--_accent); box-shadow: 0 0 0 3px var(--_surface); }
.position::-moz-range-thumb { width: 14px; height: 14px; border: 0; border-radius: 50%; background: var(--_accent); box-shadow: 0 0 0 3px var(--_surface); }
.slider:disabled::-webkit-slider-thumb { visibility: hidden; }
.slider:disabled::-moz-range-thumb { visibility: hidden; }
.volume { display: none; width: 76px; accent-color: var(--_text); }

button, select { font: inherit; color: inherit; margin: 0; border: 0; background: transparent; cursor: pointer; }
button { display: inline-grid; place-items: center; padding: 0; }
button:disabled { opacity: .35; cursor: default; }
.transport button { width: 40px; height: 40px; border-radius: 50%; }
.transport button:not(:has(text)) .icon { stroke: currentColor; }
.transport .play { position: relative; width: 48px; height: 48px; background: var(--_accent); color: var(--_on-accent); }
.icon { width: 24px; height: 24px; fill: currentColor; stroke-linejoin: round; }
.icon.skip { width: 28px; height: 28px; }
.tools .icon { width: 21px; height: 21px; }
.play .icon { width: 26px; height: 26px; grid-area: 1 / 1; }
.line { fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; }
text { font: 700 7.4px/1 var(--_font); fill: currentColor; }
.forward path { transform: scaleX(-1); transform-origin: 12px; }
.to-pause, .wanted .to-play, .cross, .is-muted :is(.near, .far), .is-quiet .far { display: none; }
.wanted .to-pause, .is-muted .cross { display: block; }

.tools { gap: 2px; }
.tools button { min-width: 34px; height: 34px; border-radius: 17px; color: var(--_quiet); }
.speed { appearance: none; min-width: 46px; height: 28px; padding: 0 6px; border: 1px solid var(--_line); border-radius: 14px; font-size: 13px; font-weight: 600; text-align: center; }
option { background: Canvas; color: CanvasText; font-weight: 400; }
@media (hover: hover) {
  .transport button:not(.play, :disabled):hover, .tools > :hover, .retry:hover { background: var(--_hover); color: var(--_text); }
}
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }

.ring { position: absolute; inset: -4px; border: 2px solid transparent; border-radius: 50%; pointer-events: none; }
.busy .ring { border-color: color-mix(in srgb, var(--_accent) 25%, transparent); border-top-color: var(--_accent); animation: turn .9s linear .3s infinite; }
@keyframes turn { to { transform: rotate(1turn); } }

.notice { display: flex; flex-wrap: wrap; align-items: center; gap: 0 12px; }
.message { flex: 1 1 12em; min-width: 0; font-size: 13px; color: var(--_quiet); overflow-wrap: anywhere; }
.failed .message { color: var(--_text); }
.message:not(:empty) { margin-top: 10px; padding-inline-start: 10px; border-inline-start: 3px solid var(--_accent); animation: appear .3s .5s backwards; }
.failed .message:not(:empty) { animation: none; border-color: var(--_warning); }
@keyframes appear { from { opacity: 0; } }
.retry { margin-top: 10px; height: 32px; padding: 0 14px; border: 1px solid var(--_line); border-radius: 16px; font-size: 13px; font-weight: 600; }
${LAYOUT_STYLE}
@media (prefers-reduced-motion: reduce) {
  *, *::before { transition: none !important; animation: none !important; }
  .busy .ring { border-color: var(--_accent); border-style: dashed; }
}
@media (forced-colors: active) {
  .track { outline: 1px solid; }
  .played, .slider::-webkit-slider-thumb { background: Highlight; forced-color-adjust: none; }
}
`;
