/** The studio's look, by the same variables as the player's. */
export const STYLE = `
:host {
  --_accent: var(--baton-accent, light-dark(#0f766e, #5ad1c0));
  --_on-accent: var(--baton-on-accent, light-dark(#fff, #06231f));
  --_surface: var(--baton-surface, light-dark(#fff, #1b1d20));
  --_text: var(--baton-text, light-dark(#1c2023, #eceeef));
  --_quiet: var(--baton-text-quiet, color-mix(in srgb, var(--_text) 68%, var(--_surface)));
  --_line: var(--baton-line, color-mix(in srgb, var(--_text) 13%, var(--_surface)));
  --_warning: var(--baton-warning, light-dark(#b45309, #fbbf24));
  --_live: var(--baton-live, light-dark(#b91c1c, #f87171));
  --_on-live: var(--baton-on-live, light-dark(#fff, #2a0606));
  --_radius: var(--baton-radius, 16px);
  --_font: var(--baton-font, system-ui, sans-serif);
  color-scheme: light dark;
  container-type: inline-size;
  display: block;
  min-width: 220px;
  text-align: start;
}
:host([theme='light']) { color-scheme: light; }
:host([theme='dark']) { color-scheme: dark; }
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
.studio { display: grid; gap: 14px; padding: 18px; border: 1px solid var(--_line); border-radius: var(--_radius); background: var(--_surface); color: var(--_text); font: 400 14px/1.4 var(--_font); font-variant-numeric: tabular-nums; }
.status { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px 16px; }
.lamp { display: inline-flex; align-items: center; gap: 8px; min-height: 30px; padding: 0 13px; border: 1px solid var(--_line); border-radius: 15px; color: var(--_quiet); font-weight: 600; }
.dot { width: 9px; height: 9px; flex: none; border-radius: 50%; background: currentColor; }
.is-live .lamp { border-color: transparent; background: var(--_live); color: var(--_on-live); }
.is-live .dot { animation: pulse 1.6s ease-in-out infinite; }
.is-troubled .lamp { border-color: var(--_warning); color: var(--_text); }
.is-troubled .dot { background: var(--_warning); }
@keyframes pulse { 50% { opacity: .35; } }
.figures { display: flex; flex-wrap: wrap; gap: 2px 16px; }
.elapsed, .listeners { font-weight: 600; }
.caption { color: var(--_quiet); font-size: 13px; }
.level-line { display: flex; align-items: center; gap: 10px; }
.level { position: relative; flex: 1; height: 12px; overflow: hidden; border-radius: 6px; background: linear-gradient(to right, #15803d 0 65%, #ca8a04 82%, #dc2626 96%); direction: ltr; }
.loudness { position: absolute; inset: -1px -1px -1px auto; width: calc(100% + 2px); background: color-mix(in srgb, var(--_text) 13%, var(--_surface)); }
.peak { position: absolute; inset-block: 0; left: 0; width: 2px; background: var(--_text); opacity: 0; }
button, input, select { font: inherit; color: inherit; margin: 0; }
.button { border: 0; background: transparent; cursor: pointer; touch-action: manipulation; }
.mute { display: inline-grid; place-items: center; width: 36px; height: 36px; flex: none; padding: 0; border-radius: 50%; }
.mute .icon + .icon, .mute[aria-pressed='true'] .icon { display: none; }
.mute[aria-pressed='true'] .icon + .icon { display: block; color: var(--_live); }
.icon { width: 22px; height: 22px; }
.line { fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.choices { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; margin: 0; padding: 0; border: 0; min-width: 0; }
.choices legend { padding: 0 0 6px; }
.choice { display: inline-flex; align-items: center; gap: 6px; min-height: 28px; cursor: pointer; }
.choice input { width: 17px; height: 17px; accent-color: var(--_accent); }
.row { display: grid; gap: 4px; }
.picture { flex: 1 1 100%; min-width: 0; }
.preview { display: block; width: min(100%, 240px); max-height: 180px; border-radius: calc(var(--_radius) * .6); background: #000; }
.field { width: 100%; min-width: 0; min-height: 38px; padding: 0 11px; border: 1px solid color-mix(in srgb, var(--_text) 45%, var(--_surface)); border-radius: calc(var(--_radius) * .6); background: transparent; }
option { background: Canvas; color: CanvasText; }
.file { position: relative; display: flex; align-items: center; overflow: hidden; cursor: pointer; }
.picker { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
.file-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bottom { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 18px; }
.go { min-height: 44px; padding: 0 24px; border-radius: 22px; background: var(--_accent); color: var(--_on-accent); font-weight: 600; font-size: 15px; }
.is-on .go { background: transparent; box-shadow: inset 0 0 0 1.5px var(--_live); color: var(--_live); }
.link { color: var(--_accent); font-weight: 600; }
.message { margin: 0; padding-inline-start: 10px; border-inline-start: 3px solid var(--_warning); overflow-wrap: anywhere; }
.message:empty { display: none; }
:disabled { opacity: .5; cursor: default; }
:focus-visible, .file:has(:focus-visible) { outline: 2px solid var(--_accent); outline-offset: 2px; }
@media (hover: hover) { .mute:hover { background: color-mix(in srgb, var(--_text) 8%, transparent); } .go:not(:disabled):hover { filter: brightness(1.08); } }
@container (min-width: 480px) { .device, .file { flex: 1; width: auto; } }
@media (prefers-reduced-motion: reduce) { .dot { animation: none !important; } }
@media (forced-colors: active) { .level { forced-color-adjust: none; border: 1px solid CanvasText; } .is-live .lamp, .is-on .go { border: 2px solid Highlight; } }
`;
