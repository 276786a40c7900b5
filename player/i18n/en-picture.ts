/** What is said of pictures and qualities, in English: loaded with the first source that may have any. */
export const PICTURE = {
  videoPlayer: 'Video player',
  quality: 'Quality',
  automatic: 'Auto',
  automaticNow: 'Auto ({quality})',
  captions: 'Captions',
  inset: 'Picture in picture',
  leaveInset: 'Leave picture in picture',
  fullscreen: 'Full screen',
  leaveFullscreen: 'Leave full screen',
} as const;
