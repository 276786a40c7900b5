/** The badge of a channel, and what a channel has no use for. */
export const LIVE_STYLE = `
.live { display: none; gap: 5px; grid-auto-flow: column; height: 22px; margin: -3px 0; padding: 0 8px; border: 1px solid var(--_line); border-radius: 11px; color: var(--_quiet); font-size: 11px; font-weight: 700; line-height: 1; letter-spacing: .04em; text-transform: uppercase; }
.live::before { content: ''; width: 7px; height: 7px; border-radius: 50%; background: currentColor; }
.live.lit { border-color: transparent; background: var(--_accent); color: var(--_on-accent); cursor: default; }
.is-live .live { display: inline-grid; }
.is-live :is(.total, .speed, .share) { display: none; }
@media (forced-colors: active) {
  .live.lit { border-color: Highlight; color: Highlight; }
}
`;
