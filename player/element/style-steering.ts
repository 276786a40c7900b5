/** What gives way under a finger. */
export const STEERING_STYLE = `
.player { -webkit-tap-highlight-color: transparent; }
button, select { touch-action: manipulation; }
.play, .slider::-webkit-slider-thumb { transition: transform .15s; }
.play:active { transform: scale(.95); }
.slider:active::-webkit-slider-thumb { transform: scale(1.2); }
`;
