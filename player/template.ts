const icon = (name: string, shapes: string): string =>
  `<svg class="icon ${name}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${shapes}</svg>`;

const skipIcon = (name: string, arrow: string, seconds: number): string =>
  icon(name, `<path class="line" d="${arrow}"/><text x="12" y="16.1" text-anchor="middle">${seconds}</text>`);

const speaker = '<path d="M4 9.4h3.2L11.5 6v12l-4.3-3.4H4z"/>';

const SPEEDS = [0.5, 0.75, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3];

/** The inside of the player. Texts and states are filled in by the controls. */
export const TEMPLATE = `
<div class="player" part="player" role="group" title="">
  <img class="artwork" part="artwork" alt="" hidden>
  <div class="heading" part="heading">
    <div class="title" part="title"></div>
    <div class="artist" part="artist"></div>
  </div>
  <div class="seek" part="seek">
    <div class="track" part="track"><div class="buffered" part="buffered"></div><div class="played" part="played"></div></div>
    <input class="slider position" part="slider" type="range" min="0" max="0" value="0" step="1" aria-label="Position" data-focus="seek">
  </div>
  <div class="time elapsed" part="time">0:00</div>
  <div class="time total" part="duration">-:--</div>
  <div class="transport" part="transport">
    <button class="back" part="button back" type="button" aria-label="Back 15 seconds" aria-keyshortcuts="j" data-focus="button">
      ${skipIcon('skip', 'M12 4.2a8.3 8.3 0 1 1-7.6 5M12 1.2 8.8 4.2 12 7.3', 15)}
    </button>
    <button class="play" part="play" type="button" aria-label="Play" aria-keyshortcuts="k" data-focus="button">
      ${icon('to-play', '<path d="M8.2 5.2v13.6a.6.6 0 0 0 .92.5l10.3-6.8a.6.6 0 0 0 0-1L9.12 4.7a.6.6 0 0 0-.92.5z"/>')}
      ${icon('to-pause', '<rect x="6.6" y="5" width="3.9" height="14" rx="1.1"/><rect x="13.5" y="5" width="3.9" height="14" rx="1.1"/>')}
      <span class="ring"></span>
    </button>
    <button class="forward" part="button forward" type="button" aria-label="Forward 30 seconds" aria-keyshortcuts="l" data-focus="button">
      ${skipIcon('skip', 'M12 4.2a8.3 8.3 0 1 0 7.6 5M12 1.2l3.2 3L12 7.3', 30)}
    </button>
  </div>
  <div class="options" part="options">
    <select class="speed" part="speed" aria-label="Speed" data-focus="choice">
      ${SPEEDS.map((rate) => `<option value="${rate}"${rate === 1 ? ' selected' : ''}>${rate}×</option>`).join('')}
    </select>
    <button class="mute" part="button mute" type="button" aria-label="Mute" aria-keyshortcuts="m" data-focus="button">
      ${icon('loud', `${speaker}<path class="line" d="M14.6 9a4 4 0 0 1 0 6M17.2 6.6a7.6 7.6 0 0 1 0 10.8"/>`)}
      ${icon('quiet', `${speaker}<path class="line" d="M14.6 9a4 4 0 0 1 0 6"/>`)}
      ${icon('muted', `${speaker}<path class="line" d="m15 9.6 4.8 4.8m0-4.8L15 14.4"/>`)}
    </button>
    <input class="slider volume" part="slider volume" type="range" min="0" max="1" value="1" step="0.01" aria-label="Volume" data-focus="volume">
  </div>
  <div class="notice" part="notice">
    <span class="message" part="message" role="status"></span>
    <button class="retry" part="retry" type="button" hidden data-focus="button">Try again</button>
  </div>
</div>`;
