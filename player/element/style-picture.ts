/** The picture, its buttons, and the player over the whole screen. */
export const PICTURE_STYLE = `
.surface { display: block; width: calc(100% + 24px); max-height: 80vh; margin: -12px -12px 12px; border-radius: calc(var(--_radius) - 1px) calc(var(--_radius) - 1px) 0 0; background: #000; object-fit: contain; }
.has-picture .artwork { display: none; }
.has-picture > :is(.heading, .timeline, .controls) { grid-column: 1 / -1; }
.surface::cue { font-family: var(--_font); }
.quality { appearance: none; max-width: 112px; height: 28px; padding: 0 8px; border: 1px solid var(--_line); border-radius: 14px; color: var(--_quiet); font-size: 13px; font-weight: 600; text-align: center; text-overflow: ellipsis; }
.captions[aria-pressed='true'] { color: var(--_accent); }
@container (max-width: 239px) { .quality { max-width: 84px; } }
@container (max-width: 499px) { .has-picture .end { margin-inline: auto; } }
@container (min-width: 300px) {
  .surface { width: calc(100% + 32px); margin: -16px -16px 14px; }
}
.player:fullscreen { display: flex; flex-direction: column; align-items: stretch; padding: 0; border: 0; border-radius: 0; background: #000; }
.player:fullscreen > :not(.surface) { position: relative; margin: 0; padding: 6px max(16px, 4%); background: color-mix(in srgb, var(--_surface) 88%, transparent); transition: opacity .2s; }
.player:fullscreen > .heading { margin-top: auto; padding-top: 14px; }
.player:fullscreen > .notice { padding-bottom: 14px; }
.player:fullscreen > .surface { position: absolute; inset: 0; width: 100%; height: 100%; max-height: none; margin: 0; border-radius: 0; }
.player:fullscreen.idle { cursor: none; }
.player:fullscreen.idle > :not(.surface) { opacity: 0; pointer-events: none; }
@media (forced-colors: active) { .captions[aria-pressed='true'] { color: Highlight; } }
`;

/** Without controls of its own the picture alone is to be seen, as large as the page makes the element. */
export const BARE_STYLE = `
:host([no-ui]:not([hidden])), :host([controls='false']:not([hidden])) { display: block; min-width: 0; }
:host(:is([no-ui], [controls='false'])) .player { display: block; height: 100%; padding: 0; border: 0; border-radius: 0; background: none; }
:host(:is([no-ui], [controls='false'])) .player > :not(.surface) { display: none; }
:host(:is([no-ui], [controls='false'])) .surface { width: 100%; height: 100%; max-height: none; margin: 0; border-radius: 0; }
`;
