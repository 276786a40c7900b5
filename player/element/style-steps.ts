/** The buttons to other episodes. */
export const STEP_STYLE = `
.next .icon { transform: scaleX(-1); transform-origin: 12px; }
@container (max-width: 299px) {
  .many .transport { gap: 0; }
  .many .transport button:not(.play) { width: 31px; }
}
`;
