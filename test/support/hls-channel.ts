import { makeHls, type HlsRecipe } from './hls-made.ts';
import { startHlsOrigin, type Answered, type HlsOrigin } from './hls-origin.ts';

/** What becomes of a segment: nothing is there, other bytes, or it is said to be missing. */
export type Fate = { readonly status: number } | { readonly bytes: Uint8Array } | 'gap' | 'stall';

/** A channel in HLS, on a loop of the test signal, that misbehaves on request. */
export interface LiveHls extends AsyncDisposable {
  readonly origin: HlsOrigin;
  readonly url: string;
  /** By media sequence number. */
  readonly fates: Map<number, Fate>;
  /** The number of the newest segment. */
  newest(): number;
  /** Nothing is added from now on; what would have been is lost. */
  stall(): void;
  resume(): void;
  /** Counts from 0 again, as an encoder does that was started anew. */
  restart(): void;
  /** The show is over. */
  end(): void;
  /** Segments from `from` on, up to `to`, are those of another recipe, between discontinuities. */
  adBreak(from: number, to: number, files: Record<string, Uint8Array>): void;
}

/** Segments that are there already. */
export interface Files {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly segmentSeconds: number;
}

interface Cut {
  readonly seconds: number;
  readonly bytes: Uint8Array;
}

const WINDOW = 8;
/** There are so many segments already when it starts. */
const BEFORE = 20;

/** On a loop of a recipe, or of files as `makeHls` gives them; those of fragments have their head in `/main-init.mp4`. */
export async function startLiveHls(recipe: HlsRecipe | Files): Promise<LiveHls> {
  const files = 'files' in recipe ? recipe.files : await makeHls(recipe);
  const cuts = cutsOf(files);
  const init = files['/main-init.mp4'];
  const fates = new Map<number, Fate>();
  const ads: { readonly from: number; readonly to: number; readonly cuts: readonly Cut[] }[] = [];
  let life = 0;
  let isOver = false;
  let stalled: number | null = null;
  /** The number of the next segment, and when it comes. */
  let edge = BEFORE;
  let due = performance.now();

  const cutAt = (number: number): Cut => {
    const ad = ads.find(({ from, to }) => number >= from && number < to);
    return (ad === undefined ? cuts[number % cuts.length] : ad.cuts[(number - ad.from) % ad.cuts.length]) ?? NOTHING;
  };
  const advance = (): void => {
    if (stalled !== null || isOver) return;
    for (; due <= performance.now(); edge++) due += cutAt(edge).seconds * 1000;
  };
  const isBreak = (number: number): boolean =>
    number % cuts.length === 0 || ads.some(({ from, to }) => number === from || number === to);

  function playlist(): string {
    advance();
    const first = Math.max(0, edge - WINDOW);
    const lines = ['#EXTM3U', '#EXT-X-VERSION:3', `#EXT-X-TARGETDURATION:${Math.ceil(recipe.segmentSeconds)}`];
    lines.push(`#EXT-X-MEDIA-SEQUENCE:${first}`);
    if (init !== undefined) lines.push('#EXT-X-MAP:URI="init.mp4"');
    for (let number = first; number < edge; number++) {
      if (isBreak(number)) lines.push('#EXT-X-DISCONTINUITY');
      if (fates.get(number) === 'gap') lines.push('#EXT-X-GAP');
      lines.push(`#EXTINF:${cutAt(number).seconds.toFixed(3)},`, `${life}-${number}.ts`);
      origin.places.set(`/${life}-${number}.ts`, () => segment(number));
    }
    if (isOver) lines.push('#EXT-X-ENDLIST');
    return `${lines.join('\n')}\n`;
  }

  async function segment(number: number): Promise<Answered> {
    const fate = fates.get(number);
    if (fate === 'stall') await new Promise((resolve) => setTimeout(resolve, 20_000).unref());
    if (fate === 'gap') return { status: 404 };
    if (typeof fate === 'object') return 'status' in fate ? fate : { body: fate.bytes };
    return { body: cutAt(number).bytes };
  }

  const origin = await startHlsOrigin(init === undefined ? {} : { '/init.mp4': init });
  origin.places.set('/live.m3u8', () => ({ body: playlist() }));
  return {
    ...{ origin, url: origin.url('/live.m3u8'), fates },
    newest: () => {
      advance();
      return edge - 1;
    },
    stall: () => {
      advance();
      stalled = performance.now();
    },
    resume: () => {
      due = performance.now();
      stalled = null;
    },
    restart: () => {
      life += 1;
      [edge, due] = [3, performance.now()];
    },
    end: () => {
      advance();
      isOver = true;
    },
    adBreak: (from, to, files) => void ads.push({ from, to, cuts: cutsOf(files) }),
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  };
}

const NOTHING: Cut = { seconds: 1, bytes: new Uint8Array() };

/** The segments that a playlist of ffmpeg names. */
function cutsOf(files: Record<string, Uint8Array>): Cut[] {
  const text = Buffer.from(files['/main.m3u8'] ?? []).toString();
  return [...text.matchAll(/#EXTINF:([\d.]+),[^\n]*\n([^#\n]+)/g)].map(([, seconds = '1', name = '']) => ({
    seconds: Number(seconds),
    bytes: files[`/${name}`] ?? new Uint8Array(),
  }));
}
