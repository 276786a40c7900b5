/** What stands where, by the width of the player itself: from 200 px up. Controls that do not fit go to the next line. */
export const LAYOUT_STYLE = `
.player { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: center; padding: 12px; }
.player > * { grid-column: 1 / -1; min-width: 0; }
.controls, .transport, .tools { display: flex; align-items: center; justify-content: center; }
.controls { flex-wrap: wrap; margin-top: 4px; gap: 4px 2px; }
.transport { flex: 100%; gap: 8px; }
@container (min-width: 300px) {
  .player { padding: 16px; }
  .has-artwork .artwork { display: block; grid-column: 1; margin-inline-end: 12px; }
  .has-artwork .heading { grid-column: 2; }
  .end { margin-inline-start: auto; }
}
@container (min-width: 600px) {
  .has-artwork .artwork { grid-row: 1 / span 3; align-self: start; width: 132px; margin-inline-end: 18px; }
  .has-artwork :is(.timeline, .controls) { grid-column: 2; }
  .title { font-size: 17px; }
  .controls { justify-content: start; margin-inline-start: -6px; }
  .transport { flex: none; gap: 4px; }
  .begin { margin-inline-start: 8px; }
}
@container (min-width: 720px) {
  .volume { display: block; }
}
`;
