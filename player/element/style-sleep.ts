/** The button of a sleep timer that runs. */
export const SLEEP_STYLE = `
.sleep { grid-auto-flow: column; font-size: 12px; font-weight: 600; }
.left:empty { display: none; }
.sleep.set { padding: 0 8px; gap: 3px; color: var(--_accent); }
@media (forced-colors: active) { .sleep.set { color: Highlight; } }
`;
