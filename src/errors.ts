/**
 * Everything that can go wrong, once: the status a listener gets, the sentence they read (what is wrong, what to do),
 * and whether the log should raise it as a fault of ours.
 */
const FAILURES = {
  LINK_INVALID: [
    403,
    'This link was not made here or has been altered. Ask for the link again and copy it whole.',
    false,
  ],
  LINK_EXPIRED: [410, 'This link has expired. Ask for a new one.', false],
  OPTIONS_INVALID: [
    400,
    'The options in this link are not understood. `baton link --help` lists the legal ones.',
    false,
  ],
  TRIM_OUT_OF_RANGE: [400, 'The trim starts after the end of the source. Choose an earlier start.', false],
  NOT_FOUND: [404, 'There is nothing at this address. Check the link.', false],
  SEGMENT_GONE: [
    410,
    'This part is of a source that has changed since, or of a channel that has gone on. Load the playlist again.',
    false,
  ],
  METHOD_NOT_ALLOWED: [405, 'Only GET, HEAD and OPTIONS are answered here.', false],
  RANGE_NOT_SATISFIABLE: [416, 'The range lies outside the file. Its size is in Content-Range.', false],
  RANGES_UNSUPPORTED: [
    416,
    'The source of this file has no byte ranges, and all of it is too large for one answer to a range. Ask for it without Range.',
    false,
  ],
  FILE_CHANGED: [
    412,
    'The file has changed since you got the first part of it. Ask for it anew, without If-Range.',
    false,
  ],
  BUSY: [503, 'Too many listeners at the moment. Try again shortly.', false],
  STOPPING: [503, 'The server is restarting. Try again shortly.', false],
  RESPONSE_LIMIT: [
    503,
    'The response reached the limit of what may be sent at once. Ask for the rest with a Range request.',
    false,
  ],
  CLIENT_GONE: [499, 'The listener left.', false],

  SOURCE_REFUSED: [
    403,
    'This source address is not allowed: only public http and https addresses, and buckets that were opened to Baton, are.',
    false,
  ],
  SOURCE_URL_INVALID: [400, 'The source is not a valid URL. Give a full http or https address.', false],
  SOURCE_MISSING: [404, 'The source does not exist (any more). Check its address.', false],
  SOURCE_PRIVATE: [403, 'The source may not be read without a login. Use a public address.', false],
  SOURCE_UNREACHABLE: [
    502,
    'The server of the source cannot be reached. Check its address, or try again later.',
    false,
  ],
  SOURCE_FAILED: [502, 'The server of the source answered with an error. Try again later.', false],
  SOURCE_TIMEOUT: [504, 'The server of the source did not answer in time. Try again later.', false],
  SOURCE_SLOW: [504, 'The source sends too slowly to be played. Try again later.', false],
  SOURCE_CUT: [502, 'The source broke off before its end. Try again later.', false],
  SOURCE_GONE: [503, 'The station has been silent for too long. Try again in a while.', false],
  SOURCE_CHANGED: [502, 'The source changed while it was being read. Try again.', false],
  SOURCE_ENCODED: [502, 'The source is compressed in transit (Content-Encoding), which Baton refuses.', false],
  SOURCE_TOO_LARGE: [413, 'The source is larger than Baton accepts.', false],
  SOURCE_UNMEASURED: [503, 'The length of the source is not known yet. Try again shortly.', false],
  SOURCE_EMPTY: [422, 'The source is empty.', false],
  SOURCE_NOT_MEDIA: [
    415,
    'The source is not audio or video that Baton knows. It may be a web page: use the address of the file itself.',
    false,
  ],
  SOURCE_NOT_LIVE: [
    415,
    'The source is not a stream that can be relayed live. Use the address of an MP3, AAC or Ogg stream, of a .m3u or .pls list of such, or of an HLS playlist that goes on. For an episode, make the link without --live.',
    false,
  ],
  SOURCE_DAMAGED: [422, 'The source is damaged and cannot be read.', false],
  SOURCE_LIVE: [
    415,
    'The source is a live stream, which has no end yet. Make the link with --live; when the show is over, it is an episode like any other.',
    false,
  ],
  SOURCE_PROTECTED: [
    415,
    'The source is protected (SAMPLE-AES or DRM), and only the players of its publisher may decrypt it. Ask for an unprotected one.',
    false,
  ],
  SOURCE_NO_AUDIO: [422, 'The source has no audio track.', false],
  SOURCE_NO_VIDEO: [422, 'The source has no pictures that could be shown.', false],
  VIDEO_UNSUPPORTED: [
    415,
    'The pictures of the source are not in a supported codec: H.264, HEVC, VP8, VP9, AV1 and MPEG-4 are, in MP4, MOV, WebM and Matroska files, and H.264 in HLS.',
    false,
  ],
  VIDEO_KEYS_RARE: [
    422,
    'The pictures of the source cannot be begun with at most places: it has too few key frames. Encode it with one at least every ten seconds.',
    false,
  ],
  FEED_INVALID: [
    415,
    'The source is not an RSS or Atom feed. Use the address of the feed itself, not that of a page or an episode.',
    false,
  ],
  FEED_DTD: [
    422,
    'The feed declares a document type (<!DOCTYPE> or <!ENTITY>), which Baton refuses. Its publisher should leave it out.',
    false,
  ],
  PLAYLIST_INVALID: [
    422,
    'The HLS playlist cannot be played: its text is damaged, is not a playlist of HLS, or names addresses that Baton refuses. Use the address of the .m3u8 itself.',
    false,
  ],
  PLAYLIST_TOO_LARGE: [
    413,
    'The HLS playlist is larger than Baton accepts. Its publisher should divide it, or leave older segments out.',
    false,
  ],
  CODEC_UNSUPPORTED: [
    415,
    'The audio of the source is not in a supported codec: MP3, AAC, Opus, Vorbis, FLAC and PCM are, in MP3, AAC, M4A, MP4, MOV, WebM, Matroska, Ogg, FLAC, WAV and AIFF files, and in HLS.',
    false,
  ],

  PUBLISHER_REFUSED: [
    403,
    'This publisher token is not valid for this channel. Ask for a new one: `baton ingest` makes them.',
    false,
  ],
  PUBLISHER_EXPIRED: [410, 'This publisher token has expired. Ask for a new one: `baton ingest` makes them.', false],
  PUBLISHER_REPLACED: [409, 'Another publisher with a valid token has taken over this channel.', false],
  ORIGIN_REFUSED: [403, 'Pages of this origin may not publish here. Name it in BATON_INGEST_ORIGINS.', false],
  INGEST_INVALID: [400, 'The publisher sent what the protocol does not have. See docs/ingest.md.', false],
  INGEST_FORMAT: [
    415,
    'What the publisher sends is not in the format that it announced, or in none that is taken: WebM with Opus, MP4 in fragments with Opus or AAC, MP3, ADTS, Ogg, or packets of Opus or AAC; of pictures, H.264.',
    false,
  ],
  INGEST_FLOOD: [429, 'The publisher sends more than its show needs. Send it as it comes.', false],
  INGEST_SILENT: [408, 'The publisher did not say in time who it is.', false],
  SHOW_ENDED: [409, 'This show has ended. Begin a new one under another name.', false],
  SHOW_UNFINISHED: [503, 'This show is still on air. Its recording is here as soon as it has ended.', false],
  OFF_AIR: [503, 'Nobody is on air on this channel at the moment. Try again when the show begins.', false],

  ENCODER_FAILED: [500, 'The audio could not be converted.', true],
  ENCODER_STALLED: [500, 'Converting the audio took too long.', true],
  ENCODER_LIMIT: [422, 'The source asks for more memory or time than Baton allows and was stopped.', false],
  ENCODER_MISSING: [500, 'ffmpeg cannot be started. `baton doctor` says why.', true],

  STORE_FAILED: [500, 'The store cannot be used.', true],
  CONFIG_INVALID: [500, 'The configuration is not valid.', true],
  INTERNAL: [500, 'Something went wrong inside Baton.', true],
} as const satisfies Record<string, readonly [status: number, message: string, report: boolean]>;

/** A code of the table: what links, logs and players know a failure by. */
export type FailureCode = keyof typeof FAILURES;

/** The codes of the table, for tests and documents. */
export const failureCodes = Object.keys(FAILURES) as readonly FailureCode[];

/**
 * The one error of Baton. `message` is safe to show to a listener; `detail` is for the log only (addresses, stderr,
 * upstream status) and never leaves the server.
 */
export class BatonError extends Error {
  readonly code: FailureCode;
  readonly status: number;
  readonly report: boolean;
  readonly detail: string;

  constructor(code: FailureCode, detail = '', options?: ErrorOptions) {
    const [status, message, report] = FAILURES[code];
    super(message, options);
    this.name = 'BatonError';
    this.code = code;
    this.status = status;
    this.report = report;
    this.detail = detail;
  }
}

/** Any thrown value as a BatonError; what is not one is a fault of ours. */
export function toBatonError(thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new BatonError('INTERNAL', detail, { cause: thrown });
}

/** True for a BatonError with one of `codes`. */
export const hasCode = (thrown: unknown, ...codes: readonly FailureCode[]): thrown is BatonError =>
  thrown instanceof BatonError && codes.includes(thrown.code);
