/** The handlers that are deployed; some of them serve two functions. */
export const HANDLERS = ['file', 'live', 'hls', 'feed', 'raw', 'embed', 'ingest', 'keys'] as const;
