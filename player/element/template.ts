const icon = (name: string, shapes: string): string =>
  `<svg class="icon ${name}" viewBox="0 0 24 24" aria-hidden="true">${shapes}</svg>`;

const lines = (path: string): string => icon('', `<path class="line" d="${path}"/>`);

const skipIcon = (seconds: number): string =>
  icon(
    'skip',
    `<path class="line" d="M12 4.2a8.3 8.3 0 1 1-7.6 5M12 1.2 8.8 4.2 12 7.3"/><text x="12" y="16.1" text-anchor="middle">${seconds}</text>`,
  );

/** `label` names a text of the dictionary, `state` further attributes. */
const button = (name: string, label: string, inside: string, state = ''): string =>
  `<button class="button ${name}" data-label="${label}" ${state}>${inside}</button>`;

/** What it opens is made when it is first needed. */
const drawerButton = (name: string, inside: string): string =>
  button(name, name, inside, 'aria-expanded="false" hidden');

const speaker = icon(
  '',
  `<path d="M4 9.4h3.2L11.5 6v12l-4.3-3.4H4z"/><path class="line near" d="M14.6 9a4 4 0 0 1 0 6"/><path class="line far" d="M17.2 6.6a7.6 7.6 0 0 1 0 10.8"/><path class="line cross" d="m15 9.6 4.8 4.8m0-4.8L15 14.4"/>`,
);

/** The inside of the player. Texts and states are filled in by the views; each class becomes a part of the same name. */
export const TEMPLATE = `
<div class="player" role="group" title="">
  <img class="artwork" alt="" hidden>
  <div class="heading">
    <div class="title" dir="auto"></div>
    <div class="artist" dir="auto"></div>
  </div>
  <div class="timeline" dir="ltr">
    <div class="seek">
      <div class="track"><div class="buffered"></div><div class="played"></div><div class="marks"></div></div>
      <input class="slider position" type="range" value="0" data-label="position" data-focus="seek">
    </div>
    <div class="times">
      <div class="time elapsed">0:00</div>
      <div class="chapter" dir="auto"></div>
      <div class="time total">-:--</div>
    </div>
  </div>
  <div class="controls">
    <div class="transport" dir="ltr">
      ${button('back', 'back', skipIcon(15), 'aria-keyshortcuts="j"')}
      <button class="button play" aria-keyshortcuts="k">
        ${icon('to-play', '<path d="M9 5.5v13l9.5-6.5z"/>')}
        ${icon('to-pause', '<path d="M7.5 6H10v12H7.5zM14 6h2.5v12H14z"/>')}
        <span class="ring"></span>
      </button>
      ${button('forward', 'forward', skipIcon(30), 'aria-keyshortcuts="l"')}
    </div>
    <div class="tools begin">
      <select class="speed" data-label="speed" data-focus="choice" aria-keyshortcuts="< >"></select>
      ${drawerButton('sleep', lines('M19.4 14.6A8 8 0 0 1 9.4 4.6a8 8 0 1 0 10 10z'))}
    </div>
    <div class="tools end">
      ${drawerButton('chapters', lines('M9 7h11M9 12h11M9 17h11M5 7h0M5 12h0M5 17h0'))}
      ${drawerButton('episodes', lines('M4 6h16M4 11h9M4 16h9M16.5 11.6v6.8l5-3.4z'))}
      ${button('share', 'share', lines('M12 15V4M8 8l4-4 4 4M5 12v8h14v-8'))}
      ${drawerButton('statistics', lines('M4 19h16M6.5 15v-4M12 15V6M17.5 15V9'))}
      ${button('mute', 'mute', speaker, 'aria-keyshortcuts="m"')}
      <input class="slider volume" type="range" max="1" step="0.01" data-label="volume" data-focus="volume">
    </div>
  </div>
  <div class="notice">
    <span class="message" role="status" dir="auto"></span>
    <button class="button retry" hidden></button>
  </div>
</div>`;
