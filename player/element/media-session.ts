import type { Deck } from './deck.ts';

/** The system's own controls: lock screen, headset, media keys. */
export interface SystemControls {
  /** To be told of every event of the playback; it takes the controls over when that begins to play. */
  update(type: string): void;
  release(): void;
}

/** What the system can ask for besides the playback's own. */
export interface Steps {
  readonly skip: (seconds: number) => void;
  /** To the next (1) or previous (-1) chapter or, without chapters, episode. */
  readonly step: (by: number) => void;
}

/** A page has one set of controls, for whoever played last. */
let owner: object | null = null;

/** Shows what plays to the system, and does what the system asks for (Media Session). */
export function createSystemControls(deck: Deck, { skip, step }: Steps): SystemControls {
  const { playback } = deck;
  const self = {};
  const session = (navigator as { mediaSession?: MediaSession }).mediaSession;

  const actions: Readonly<Record<string, MediaSessionActionHandler>> = {
    play: () => void playback.play().catch(() => undefined),
    pause: () => playback.pause(),
    stop: () => playback.stop(),
    seekto: ({ seekTime }) => playback.seek(seekTime ?? playback.position()),
    seekbackward: ({ seekOffset }) => skip(-(seekOffset ?? BACK_SECONDS)),
    seekforward: ({ seekOffset }) => skip(seekOffset ?? FORWARD_SECONDS),
    previoustrack: () => step(-1),
    nexttrack: () => step(1),
  };

  function describe(media: MediaSession): void {
    const { title, artist, album, artwork } = deck.description();
    media.metadata = new MediaMetadata({ title, artist, album, artwork: artwork === '' ? [] : [{ src: artwork }] });
    const hasSteps = deck.chapters().length > 0 || deck.episodes().length > 1;
    for (const [action, handler] of Object.entries(actions))
      offer(media, action, hasSteps || !action.endsWith('track') ? handler : null);
  }

  function tellPlace(media: MediaSession): void {
    media.playbackState = playback.wanted() ? 'playing' : 'paused';
    const duration = playback.duration();
    if (!(duration > 0)) return; // of a channel it is infinite
    const position = Math.min(duration, Math.max(0, playback.position()));
    media.setPositionState({ duration, position, playbackRate: deck.audio.playbackRate });
  }

  return {
    update(type) {
      if (session === undefined) return;
      if (type === 'play') owner = self;
      if (owner !== self || !TOLD.has(type)) return;
      if (DESCRIBED.has(type)) describe(session);
      tellPlace(session);
    },
    release() {
      if (session === undefined || owner !== self) return;
      owner = null;
      session.metadata = null;
      session.playbackState = 'none';
      for (const action of Object.keys(actions)) offer(session, action, null);
    },
  };
}

/** As the buttons say. */
const [BACK_SECONDS, FORWARD_SECONDS] = [15, 30];
const DESCRIBED = new Set(['play', 'metadata', 'loadedmetadata', 'described']);
const TOLD = new Set([
  ...DESCRIBED,
  'pause',
  'playing',
  'seeked',
  'ratechange',
  'durationchange',
  'ended',
  'recovered',
]);

function offer(session: MediaSession, action: string, handler: MediaSessionActionHandler | null): void {
  try {
    session.setActionHandler(action as MediaSessionAction, handler);
  } catch {
    // a browser throws for an action it does not have
  }
}
