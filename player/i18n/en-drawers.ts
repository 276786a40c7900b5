/** What only the drawers say, in English: loaded with them. */
export const DRAWERS = {
  off: 'Off',
  endOfChapter: 'End of chapter',
  endOfEpisode: 'End of episode',
  stream: 'Stream',
  responses: 'Responses',
  firstByte: 'First byte',
  took: 'Duration',
  retries: 'New attempts',
  buffered: 'Buffered ahead / behind',
  stalls: 'Stalls',
  quota: 'Buffer full / trimmed',
  received: 'Received',
  missing: 'Missing audio',
  cost: 'Estimated cost (prices of {date})',
  ending: 'Ended with',
} as const;
