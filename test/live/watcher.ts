import { legAddress } from '../../player/core/leg-address.ts';
import type { Said } from '../support/framed.ts';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { FFPROBE, inFolder } from '../support/ffmpeg.ts';
import { seenFrames, type SeenFrame } from '../support/film.ts';
import { saidIn } from './said.ts';

/** Somebody who watches a channel leg after leg, and keeps what came. */
export interface Watcher {
  readonly events: readonly Said[];
  /** Why each body ended: `leg`, an error, or a cut. */
  readonly ends: readonly string[];
  /** The pictures of one head after the other. */
  readonly films: readonly Film[];
  /** All of the sound, behind the first head, when it begins, and when its last fragment does, in seconds of the channel. */
  readonly sound: () => Buffer;
  readonly soundFrom: () => number;
  readonly soundTo: () => number;
  readonly stop: () => void;
  /** Until it is stopped, or a body says that it is of no use to go on. */
  readonly over: Promise<void>;
}

/** Pictures behind one head. */
export interface Film {
  readonly init: Buffer;
  /** With decode times, each once. */
  readonly fragments: { readonly at: number; readonly bytes: Buffer }[];
}

const VIDEO_TRACK = 2;
/** Of AAC. */
const PRIMING = 1024;

export interface WatcherOptions {
  /** Of the first leg. */
  readonly place?: string;
  /** A next leg is opened when there is less sound ahead; left away: at once. */
  readonly lowSeconds?: number;
}

/** Watches `src`, which may be another one for each leg, from now on. */
export function watch(
  src: string | (() => string),
  { place: firstPlace = '', lowSeconds = Infinity }: WatcherOptions = {},
): Watcher {
  const events: Said[] = [];
  const ends: string[] = [];
  const films: Film[] = [];
  const sound: Buffer[] = [];
  let soundTo = -1;
  let soundFrom = NaN;
  const stopping = new AbortController();
  let place = firstPlace;
  let playedSince = NaN;
  let init = Buffer.alloc(0);
  let isFirst = true;

  function fragment(moof: Buffer, mdat: Buffer): void {
    const bytes = Buffer.concat([moof, mdat]);
    const at = Number(moof.readBigUInt64BE(moof.indexOf('tfdt') + 8));
    if (moof.readUInt32BE(moof.indexOf('tfhd') + 8) !== VIDEO_TRACK) {
      if (at > soundTo) sound.push(bytes);
      if (Number.isNaN(soundFrom)) {
        soundFrom = (at - PRIMING) / 48_000;
        playedSince = performance.now();
      }
      soundTo = Math.max(soundTo, at);
      return;
    }
    if (films.at(-1)?.init.equals(init) !== true) films.push({ init, fragments: [] });
    const { fragments = [] } = films.at(-1) ?? {};
    const known = fragments.find((one) => one.at === at);
    if (known === undefined) fragments.push({ at, bytes });
    else if (!known.bytes.equals(bytes)) throw new Error(`another fragment at ${at}`);
  }

  async function leg(): Promise<string> {
    const address = legAddress(typeof src === 'string' ? src : src(), place);
    let rest = Buffer.alloc(0);
    let moof: Buffer | null = null;
    let head: Buffer | null = null;
    let end = 'cut';
    const { body, status } = await fetch(address, { signal: stopping.signal });
    if (status !== 200) return `${status} ${Buffer.from((await body?.getReader().read())?.value ?? []).toString()}`;
    for await (const piece of body ?? []) {
      rest = Buffer.concat([rest, piece]);
      for (; rest.length >= 8 && rest.length >= rest.readUInt32BE(0); rest = rest.subarray(rest.readUInt32BE(0))) {
        const box = Buffer.from(rest.subarray(0, rest.readUInt32BE(0)));
        const type = box.toString('latin1', 4, 8);
        if (type === 'ftyp') head = box;
        if (type === 'moov' && head !== null) {
          init = Buffer.concat([head, box]);
          if (isFirst) sound.push(withoutPictures(init));
          isFirst = false;
        }
        if (type === 'moof') moof = box;
        if (type === 'mdat' && moof !== null) fragment(moof, box);
        if (type !== 'emsg') continue;
        for (const event of saidIn(box) as unknown as Said[]) {
          events.push(event);
          if (event.type === 'position' || event.type === 'end') place = `r.${String(event.token)}`;
          if (event.type === 'error') end = `error ${String(event['code'])}`;
          if (event.type === 'end') end = String(event['reason']);
        }
      }
    }
    return end;
  }

  async function all(): Promise<void> {
    while (!stopping.signal.aborted) {
      const end = await leg().catch((error: unknown) => (stopping.signal.aborted ? 'stopped' : String(error)));
      ends.push(end);
      if (end.startsWith('4') || ends.length > 200) return;
      if (end !== 'leg') await sleep(200);
      while (hasEnough()) await sleep(50);
    }
  }

  const hasEnough = (): boolean =>
    !stopping.signal.aborted && soundTo / 48_000 - soundFrom - (performance.now() - playedSince) / 1000 >= lowSeconds;

  return {
    ...{ events, ends, films, sound: () => Buffer.concat(sound) },
    ...{ soundFrom: () => soundFrom, soundTo: () => (soundTo - PRIMING) / 48_000 },
    stop: () => stopping.abort(),
    over: all(),
  };
}

/** A head whose track of pictures, which stands in front, counts no more. */
function withoutPictures(init: Buffer): Buffer {
  const changed = Buffer.from(init);
  changed.write('free', changed.indexOf('trak'), 'latin1');
  return changed;
}

const REORDERED = 3;

/** The pictures of a film as they are shown, and when on the channel, in seconds. */
export async function shownIn(film: Film): Promise<readonly (SeenFrame & { readonly at: number })[]> {
  const [seen, times] = await Promise.all([seenFrames(fileOf(film)), timesIn(film)]);
  // The last ones may want others that are still to come.
  return seen.slice(0, -REORDERED).map((frame, index) => ({ ...frame, at: times[index] ?? NaN }));
}

/** Where no picture is decoded between the first and the last one, in ticks of copied pictures: players stop there. */
export function holesIn({ fragments }: Film): readonly (readonly [from: number, to: number])[] {
  const sorted = fragments
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, bytes }) => ({ at, end: at + durationOf(bytes) }));
  return sorted.flatMap(({ at }, index) => {
    const { end = at } = sorted[index - 1] ?? {};
    return at - end > 0.2 * COPIED_RATE ? [[end, at] as const] : [];
  });
}

const COPIED_RATE = 90_000;
const COMPOSITION = 0x800;

/** What its pictures last (ISO/IEC 14496-12 section 8.8.8): each has a duration, a size and flags. */
function durationOf(moof: Buffer): number {
  const trun = moof.indexOf('trun') + 4;
  const entry = (moof.readUInt32BE(trun) & COMPOSITION) === 0 ? 12 : 16;
  const count = moof.readUInt32BE(trun + 4);
  return Array.from({ length: count }, (_, index) => moof.readUInt32BE(trun + 12 + index * entry)).reduce(
    (sum, each) => sum + each,
    0,
  );
}

const fileOf = ({ init, fragments }: Film): Buffer => Buffer.concat([init, ...fragments.map(({ bytes }) => bytes)]);

/** In the order they are shown. */
const timesIn = async (film: Film): Promise<number[]> =>
  await inFolder(async (folder) => {
    await writeFile(`${folder}/film.mp4`, fileOf(film));
    const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0'];
    const { stdout } = await promisify(execFile)(FFPROBE ?? 'ffprobe', [...args, `${folder}/film.mp4`]);
    return stdout
      .trim()
      .split('\n')
      .map(Number.parseFloat)
      .sort((a, b) => a - b);
  });
