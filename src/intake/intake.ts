import { BatonError } from '../errors.ts';
import { icySplitter } from '../media/icy.ts';
import { readIcyTitle } from '../media/icy-title.ts';
import type { PictureFacts } from '../media/picture-facts.ts';
import type { Net } from '../net/open.ts';
import type { Hertz, Kbps, Milliseconds, Samples, Seconds } from '../units.ts';
import { askStation, type StationAnswer } from './ask-station.ts';
import { hlsParts } from './hls-intake.ts';
import { liveDemux } from './live-demux.ts';
import { recognised } from './recognised.ts';
import { fileLength, metadataInterval, statedKbps, stationOf } from './station.ts';

/**
 * How the packets that follow are to be decoded. Two formats with equal JSON are for the same decoder; `sameDecoder` also
 * knows formats that differ in what no decoder needs.
 */
export interface LiveFormat {
  readonly codec: 'mp3' | 'aac' | 'opus' | 'vorbis' | 'flac';
  /** As in `PacketRun`; null for MP3. */
  readonly decoderConfig: Uint8Array | null;
  /** Of the decoder's output. It tells MPEG versions of MP3 apart, too. */
  readonly sampleRate: Hertz;
  /** Of MP3 always 2: its frames may change between mono and stereo at any time, see `uniform`. */
  readonly channels: number;
  /** Decoded samples at the very start of a stream that are not to be heard; 0 where it was joined later. */
  readonly preSkip: Samples;
  /** Nominal, as the station says, else as its first packet does; null where it is not known. */
  readonly kbps: Kbps | null;
}

/** One coded packet: a whole MP3 frame, the raw blocks of an ADTS frame, an Ogg packet. */
export interface LivePacket {
  readonly bytes: Uint8Array;
  /** That it adds, decoded by a decoder that was given the packet before it. The first one of Vorbis gives nothing yet. */
  readonly samples: Samples;
  /**
   * Of these, how many at its start and at its end are not to be heard: where one track of a chained Ogg stream ends and
   * the next one begins. `preSkip` is in `skip`, too.
   */
  readonly skip?: Samples;
  readonly cut?: Samples;
}

/** One coded picture, in the order they are decoded. */
export interface LivePicture {
  /** As a sample of MP4: for H.264, NAL units behind four bytes of length, without parameter sets. */
  readonly bytes: Uint8Array;
  /**
   * On the clock of the sound of the same connection: 0 is where its first packet begins, and it runs with the samples of
   * the packets and the lengths of the gaps, whatever the time stamps of the source do. May be below 0.
   */
  readonly decodedAt: Seconds;
  readonly shownAt: Seconds;
  /** Whether decoding may begin with it. */
  readonly isKey: boolean;
}

/**
 * What a live source gives, in order. A format comes before the first packet, and again where the decoder, rate or channel
 * count changes.
 */
export type IntakePart =
  | { readonly kind: 'format'; readonly format: LiveFormat }
  | { readonly kind: 'packets'; readonly packets: readonly LivePacket[] }
  /** What comes next does not follow what came before: some of it is lost. */
  | { readonly kind: 'gap'; readonly ms: Milliseconds }
  | { readonly kind: 'title'; readonly title: LiveTitle }
  /** Before the first picture, and before a key picture where the decoder or the size changes. */
  | { readonly kind: 'picture-format'; readonly facts: PictureFacts }
  /** They may come some seconds before or after the sound that they are shown with. Who wants sound alone leaves them out. */
  | { readonly kind: 'pictures'; readonly pictures: readonly LivePicture[] };

/** What is on; `title` is empty where the station has stopped saying it. */
export interface LiveTitle {
  readonly title: string;
  readonly artist?: string;
  readonly url?: string;
}

/** What a station says of itself. */
export interface Station {
  readonly name?: string;
  readonly genre?: string;
  readonly url?: string;
}

/** A station that is being received. */
export interface Intake {
  readonly station: Station;
  /** To be read on, or left: until then it holds a connection. */
  readonly parts: AsyncGenerator<IntakePart, void>;
}

/** How a station is received. */
export interface IntakeOptions {
  readonly withinMs?: Milliseconds;
  /** Asked again and again: whether somebody wants pictures just now. Those of a station are given only while it says so. */
  readonly wantsPictures?: () => boolean;
}

/**
 * Connects to the station at `url`, a stream, a live playlist of HLS, or a list that points at one. Resolves when its first packet is there, and
 * takes no longer than `withinMs` for that, whatever is asked. Leaving `parts`, or the signal, closes the connection.
 * @throws SOURCE_NOT_LIVE (HLS that is over, or a file: of another container, or of a stated length), SOURCE_NOT_MEDIA, CODEC_UNSUPPORTED, SOURCE_DAMAGED,
 * SOURCE_EMPTY, SOURCE_TIMEOUT, SOURCE_SLOW, and what `Net.open` and `statusError` say. `parts` throws those of a body and of a stream that changes to
 * something else, and ends where the station ends it; in HTTP/1.0 a reset is an end like any other.
 */
export async function openIntake(
  url: string,
  net: Net,
  signal: AbortSignal,
  { withinMs = MOST_MS, wantsPictures = () => false }: IntakeOptions = {},
): Promise<Intake> {
  const late = new AbortController();
  let isAnswered = false;
  const asking: Pick<Net, 'open'> = {
    open: async (address, ask) => {
      isAnswered = false;
      const opened = await net.open(address, ask);
      isAnswered = true;
      return opened;
    },
  };
  const timer = setTimeout(() => {
    late.abort(new BatonError(isAnswered ? 'SOURCE_SLOW' : 'SOURCE_TIMEOUT', `no sound within ${withinMs} ms`));
  }, withinMs);
  try {
    return await open(url, asking, AbortSignal.any([signal, late.signal]), MOST_LISTS, wantsPictures);
  } finally {
    clearTimeout(timer);
  }
}

/** Listeners wait no longer; a player comes again. */
const MOST_MS: Milliseconds = 15_000;
/** Lists that point at lists. */
const MOST_LISTS = 3;
/** Mirrors of one list that are tried. */
const MOST_MIRRORS = 4;

async function open(
  url: string,
  net: Pick<Net, 'open'>,
  signal: AbortSignal,
  lists: number,
  wantsPictures: () => boolean,
): Promise<Intake> {
  const answer = await askStation(url, net, signal);
  if (answer.kind === 'stream') return await begin(answer);
  if (answer.kind === 'hls')
    return { station: {}, parts: await begun(hlsParts(answer, net, wantsPictures, signal), answer.url) };
  let failure: unknown = new BatonError('SOURCE_NOT_MEDIA', `lists that point at lists, up to ${url}`);
  for (const mirror of lists > 0 ? answer.urls.slice(0, MOST_MIRRORS) : []) {
    try {
      return await open(mirror, net, signal, lists - 1, wantsPictures);
    } catch (thrown) {
      signal.throwIfAborted();
      failure = thrown;
    }
  }
  throw failure;
}

async function begin(stream: Stream): Promise<Intake> {
  const parts = await begun(partsOf(stream), stream.url);
  const length = fileLength(stream.headers);
  if (length !== null) {
    await parts.return();
    throw new BatonError('SOURCE_NOT_LIVE', `a file of ${length} bytes at ${stream.url}`);
  }
  return { station: stationOf(stream.headers), parts };
}

/** `parts`, once there are packets. */
async function begun(parts: AsyncGenerator<IntakePart, void>, url: string): Promise<AsyncGenerator<IntakePart, void>> {
  const opening: IntakePart[] = [];
  while (opening.at(-1)?.kind !== 'packets') {
    const next = await parts.next();
    if (next.done === true) throw new BatonError('SOURCE_DAMAGED', `no packets at ${url}`);
    opening.push(next.value);
  }
  return resumed(opening, parts);
}

type Stream = StationAnswer & { kind: 'stream' };

async function* partsOf({ headers, head, body }: Stream): AsyncGenerator<IntakePart, void> {
  const interval = metadataInterval(headers);
  const splitter = interval === null ? null : icySplitter(interval);
  const demux = recognised(liveDemux(statedKbps(headers)));
  const isNews = titleNews();
  try {
    for (let bytes = head; ;) {
      for (const part of splitter?.push(bytes) ?? [{ kind: 'audio', bytes } as const]) {
        if (part.kind === 'audio') yield* demux.push(part.bytes).filter(isNews);
        else {
          const title = readIcyTitle(part.bytes);
          if (title !== null && isNews({ kind: 'title', title })) yield { kind: 'title', title };
        }
      }
      const next = await body.next();
      if (next.done === true) break;
      bytes = next.value;
    }
    yield* demux.end().filter(isNews);
  } finally {
    await body.return();
  }
}

/** Passes what is no title, and titles other than the one before. */
function titleNews(): (part: IntakePart) => boolean {
  let told = JSON.stringify({ title: '' });
  return (part) => {
    if (part.kind !== 'title') return true;
    const before = told;
    told = JSON.stringify(part.title);
    return told !== before;
  };
}

/** `first`, then the rest of `parts`. Unlike a generator around both, it ends `parts` even if it was never read. */
function resumed(first: IntakePart[], parts: AsyncGenerator<IntakePart, void>): AsyncGenerator<IntakePart, void> {
  const all: AsyncGenerator<IntakePart, void> = {
    next: async () => {
      const part = first.shift();
      return part === undefined ? await parts.next() : { value: part, done: false };
    },
    return: (value) => {
      first.length = 0;
      return parts.return(value);
    },
    throw: (thrown) => {
      first.length = 0;
      return parts.throw(thrown);
    },
    [Symbol.asyncIterator]: () => all,
    [Symbol.asyncDispose]: async () => void (await all.return()),
  };
  return all;
}
