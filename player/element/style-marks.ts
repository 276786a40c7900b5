/** Where chapters begin, on the position slider. */
export const MARK_STYLE = `
.marks i { position: absolute; inset-block: 0; width: 2px; margin-left: -1px; background: var(--_surface); }
@media (forced-colors: active) {
  .marks i { background: Canvas; forced-color-adjust: none; }
}
`;
