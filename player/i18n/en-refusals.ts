/** What is said of a server that refuses and of audio that cannot be played, in English: loaded when that happens. */
export const REFUSALS = {
  unplayable: 'This browser cannot play what is at this address.',
  status401: 'This audio needs a login.',
  status403: 'The server does not allow this audio to be played.',
  status404: 'There is no audio at this address.',
  status410: 'This audio is no longer available.',
  status429: 'The server is asked too often.',
  status503: 'The server is busy.',
  serverProblem: 'The server has a problem ({status}).',
  serverRefuses: 'The server refuses this audio ({status}).',
} as const;
