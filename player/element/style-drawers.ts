/** Lists and statistics below the controls. */
export const DRAWER_STYLE = `
.tools [aria-expanded='true'] { color: var(--_accent); }
.drawer { max-height: 264px; margin: 12px 0 0; padding: 8px 0 0; border-top: 1px solid var(--_line); overflow: auto; overscroll-behavior: contain; list-style: none; counter-reset: entry; scrollbar-width: thin; }
.drawer li { counter-increment: entry; }
.drawer button { display: flex; width: 100%; align-items: baseline; gap: 10px; padding: 7px 10px; border-radius: 8px; text-align: start; }
.drawer button::before { content: counter(entry); min-width: 1.4em; color: var(--_quiet); font-size: 12px; font-variant-numeric: tabular-nums; text-align: end; }
ul.drawer { display: grid; grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); }
ul.drawer button::before { content: none; }
.drawer button:hover { background: var(--_hover); }
.drawer button:focus-visible { outline-offset: -2px; }
.drawer [aria-current] { color: var(--_accent); font-weight: 600; }
.entry-title { flex: 1; min-width: 0; text-align: inherit; overflow-wrap: anywhere; }
.entry-time { color: var(--_quiet); font-size: 12px; font-weight: 400; font-variant-numeric: tabular-nums; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 10px 16px; margin: 4px 0 0; }
dt { color: var(--_quiet); font-size: 11px; line-height: 1.3; }
dd { margin: 1px 0 0; font-size: 13px; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.legs { margin-top: 12px; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 12px; font-variant-numeric: tabular-nums; white-space: nowrap; }
th { color: var(--_quiet); font-size: 11px; font-weight: 400; }
th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--_line); text-align: start; }
tr:last-child td { border-bottom: 0; }
@media (forced-colors: active) { .drawer [aria-current], .tools [aria-expanded='true'] { color: Highlight; } }
`;
