import { BatonError } from '../errors.ts';
import type { MediaPlaylist } from '../hls/media-playlist.ts';
import type { Net } from '../net/open.ts';
import type { Fetched } from '../source/hls-fetch.ts';
import { livePicturePlaylists, mediaPlaylistAt, soundPlaylist } from '../source/hls-playlist.ts';
import { hlsReader } from '../source/hls-reader.ts';
import type { HlsCoding, HlsPacket } from '../source/hls-sound.ts';
import { type HlsClock, placePackets, stampsApart, START } from '../source/hls-timeline.ts';
import type { Milliseconds, Samples, Seconds } from '../units.ts';
import type { BesidePictures, HeardSegment } from './hls-beside-follow.ts';
import { hlsBeside } from './hls-beside.ts';
import { createPace } from './hls-pace.ts';
import { type HlsPiece, hlsSounds } from './hls-sounds.ts';
import { hlsTitles } from './hls-titles.ts';
import { createShown } from './hls-shown.ts';
import type { IntakePart, LiveFormat, LivePacket } from './intake.ts';

/** Later a segment is of no use. */
const SEGMENT_TARGETS = 2;
const LEAST_SEGMENT_MS: Milliseconds = 4_000;
/** A playlist is seen to have changed up to half a target duration late, and then a segment has to come. */
const HELD_TARGETS = 1.5;
const HELD: Seconds = 1;
const LEAST_BURST: Seconds = 2;
/** What is given on at once: no listener is told more often what there is. */
const PIECE: Seconds = 0.5;
/** Silence that nobody needs to be told of. */
const LONGEST_SILENCE: Seconds = 2;

/**
 * A live playlist as a station: the sound of its segments at the pace at which it is heard, some seconds of it at once at
 * the beginning. Whoever begins gets the same packets. A segment that cannot be had is a gap.
 * @throws SOURCE_NOT_LIVE for a playlist that is over, and what `soundPlaylist` and `hlsSounds` do
 */
export async function* hlsParts(
  text: Fetched,
  net: Pick<Net, 'open'>,
  wantsPictures: () => boolean,
  signal: AbortSignal,
  clock: () => Milliseconds = () => performance.now(),
): AsyncGenerator<IntakePart, void> {
  const { media, url, address } = await soundPlaylist(text, net, signal);
  if (media.isEnded) throw new BatonError('SOURCE_NOT_LIVE', `a playlist that is over at ${url}`);
  const segmentMs = Math.max(LEAST_SEGMENT_MS, SEGMENT_TARGETS * media.targetDuration * 1000);
  const reader = hlsReader(net, { segmentMs, retries: 1 });
  const load = async (at: string, stop: AbortSignal): Promise<MediaPlaylist> =>
    (await mediaPlaylistAt(at, net, stop)).media;
  const pictures = livePicturePlaylists(text, address);
  const beside = pictures.length > 0 ? hlsBeside(pictures, { reader, load, clock }) : null;
  const deps = { reader, wantsPictures, beside, load: (stop: AbortSignal) => load(url, stop), clock };
  const stop = new AbortController();
  const pieces = hlsSounds(media, deps, AbortSignal.any([signal, stop.signal]));
  let coming = pieces.next();
  const ahead = async (): Promise<HlsPiece | null> => {
    const { value, done } = await coming;
    if (done === true) return null;
    coming = pieces.next(); // comes while this one goes on
    coming.catch(() => undefined);
    return value;
  };
  try {
    const ready = (unasked: HeardSegment | null): readonly BesidePictures[] =>
      wantsPictures() && beside !== null && unasked !== null ? beside.ready(unasked) : [];
    yield* paced(ahead, ready, media, clock, signal);
  } finally {
    stop.abort(new BatonError('CLIENT_GONE', 'nobody listens'));
    beside?.forget();
    await coming.catch(() => undefined);
  }
}

async function* paced(
  next: () => Promise<HlsPiece | null>,
  ready: (unasked: HeardSegment | null) => readonly BesidePictures[],
  { targetDuration }: MediaPlaylist,
  clock: () => Milliseconds,
  signal: AbortSignal,
): AsyncGenerator<IntakePart, void> {
  const held = HELD_TARGETS * targetDuration + HELD;
  const pace = createPace(clock);
  const titles = hlsTitles();
  let told = '';
  let isBegun = false;
  let coding: HlsCoding | null = null;
  let position: HlsClock = START;
  let shape = '';
  const shown = createShown();
  /** Of the connection: that of `IntakePart`. */
  let sounded: Seconds = 0;
  for (let piece = await next(); piece !== null; piece = await next()) {
    if (piece.kind !== 'gap' && piece.coding.core !== coding?.core) position = START;
    if (piece.kind === 'sound' && !piece.isNext) position = { ...position, at: null };
    const missing = piece.kind === 'gap' ? piece.seconds : missingBefore(position, piece.packets);
    if (piece.kind === 'gap' || missing > LONGEST_SILENCE) {
      yield { kind: 'gap', ms: Math.round(missing * 1000) };
      sounded += Math.round(missing * 1000) / 1000;
      position = { ...position, at: null };
      const isPast = piece.kind === 'gap' && piece.isPast;
      if (isBegun && !isPast) await pace.miss(missing * 1000, signal);
      if (piece.kind === 'gap') continue;
    }
    coding = piece.coding;
    const { placed, clock: after } = placePackets(position, piece.packets, coding);
    position = after;
    if (piece.kind === 'primer') continue;

    const { pending } = piece;
    if (!isBegun) pace.hurry(1000 * Math.max(LEAST_BURST, secondsOf(placed, coding) + pending - held));
    else if (pending > held + 2 * targetDuration) pace.hurry(1000 * targetDuration);
    isBegun = true;
    const format = formatOf(coding);
    if (told !== JSON.stringify(format)) yield { kind: 'format', format };
    told = JSON.stringify(format);
    for (const title of titles(piece.tags)) yield { kind: 'title', title };
    shown.with(piece, placed, coding.sampleRate, sounded);
    const end = sounded + secondsOf(placed, coding);
    let heard = 0;
    const pieces = inPieces(placed, PIECE * coding.sampleRate);
    for (const packets of pieces) {
      shown.later(ready(piece.unasked));
      await pace.pass(1000 * secondsOf(packets, coding), signal);
      heard += secondsOf(packets, coding);
      for (const { facts, pictures } of shown.take(packets === pieces.at(-1) ? Infinity : sounded + heard)) {
        const other = JSON.stringify([facts.width, facts.height, facts.config && [...facts.config]]);
        if (shape !== other) yield { kind: 'picture-format', facts };
        shape = other;
        yield { kind: 'pictures', pictures };
      }
      yield { kind: 'packets', packets };
    }
    sounded = end;
  }
}

/** How much of the sound before the first of `packets` is missing, as their time stamps say. */
function missingBefore({ at: expected }: HlsClock, [first]: readonly HlsPacket[]): Seconds {
  if (expected === null || first?.at == null) return 0;
  const missing = stampsApart(first.at, expected);
  return missing < LONGEST_GAP ? Math.max(0, missing) : 0;
}

/** What is missing for longer was not cut out: the clock was set anew. */
const LONGEST_GAP: Seconds = 60;

/** Of MP3 as in `LiveFormat`. */
const formatOf = ({ codec, decoderConfig, sampleRate, channels }: HlsCoding): LiveFormat => ({
  ...{ codec, decoderConfig, sampleRate, preSkip: 0, kbps: null },
  channels: codec === 'mp3' ? 2 : channels,
});

const secondsOf = (packets: readonly { readonly samples: Samples }[], { sampleRate }: HlsCoding): Seconds =>
  packets.reduce((sum, { samples }) => sum + samples, 0) / sampleRate;

function inPieces(packets: readonly LivePacket[], most: Samples): LivePacket[][] {
  const pieces: LivePacket[][] = [];
  let samples = Infinity;
  for (const { bytes, samples: own } of packets) {
    if (samples >= most) {
      pieces.push([]);
      samples = 0;
    }
    pieces.at(-1)?.push({ bytes, samples: own });
    samples += own;
  }
  return pieces;
}
