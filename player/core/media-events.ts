/** The events of a media element (HTML 4.8.11.16) that the player passes on. */
export const MEDIA_EVENTS: readonly string[] = [
  ...['abort', 'canplay', 'canplaythrough', 'durationchange', 'emptied', 'ended', 'error', 'loadeddata'],
  ...['loadedmetadata', 'loadstart', 'pause', 'play', 'playing', 'progress', 'ratechange', 'seeked', 'seeking'],
  ...['stalled', 'suspend', 'timeupdate', 'volumechange', 'waiting'],
];

/** During an outage the element is loaded anew behind the scenes; only these events still tell the truth. */
export const TRUE_DURING_OUTAGE: ReadonlySet<string> = new Set(['volumechange', 'waiting']);
