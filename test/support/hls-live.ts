import { setTimeout as sleep } from 'node:timers/promises';
import type { HlsMedia } from './hls-media.ts';
import type { Answered, Place } from './hls-origin.ts';

const SEGMENTS = 6;
const WINDOW = 4;
const PARTS_IN_SEGMENT = 4;
const PART_FRAMES = 5;
const FRAMES_PER_SECOND = 10;
/** Of which the first one is a key frame. */
const FRAMES_IN_GROUP = 10;

/**
 * A channel below `folder` that is on from the first request on: segments of one second, of which four are listed, and the
 * end after six. Its clock may be slower than the world's.
 */
export function liveChannel(media: HlsMedia, folder: string): Record<string, Place> {
  const clock = startedByUse();
  const playlist = (): Answered => {
    const last = Math.min(SEGMENTS, 3 + Math.floor(clock() / 1000));
    const first = Math.max(0, last - WINDOW);
    const listed = Array.from({ length: last - first }, (_, at) => `#EXTINF:1.0,\ns${first + at}.ts\n`).join('');
    const head = `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:${first}\n`;
    return { body: head + listed + (last === SEGMENTS ? '#EXT-X-ENDLIST\n' : '') };
  };
  const segments = Array.from({ length: SEGMENTS }, (_, at) => [
    `${folder}/s${at}.ts`,
    media.get(`/ts/s${at}.ts`) ?? '',
  ]);
  return { [`${folder}/v.m3u8`]: playlist, ...(Object.fromEntries(segments) as Record<string, Place>) };
}

/**
 * A channel below `folder` that is on from the first request on: parts of half a second, four to a segment, that can be waited
 * for, as can the playlist; the end after the last one.
 */
export function lowLatencyChannel(media: HlsMedia, folder: string): Record<string, Place> {
  const { init, parts } = partsOf(media.get('/low/all.mp4') ?? Buffer.alloc(0));
  const clock = startedByUse();
  /** The end is said half a second after the last part. */
  const ready = (): number => Math.min(parts.length + 1, 6 + Math.floor(clock() / 500));
  const until = async (count: number): Promise<void> => {
    while (ready() < count) await sleep(20);
  };

  const playlist = async (url: URL): Promise<Answered> => {
    const msn = Number(url.searchParams.get('_HLS_msn') ?? 0);
    const part = Number(url.searchParams.get('_HLS_part') ?? 0);
    const asked = msn * PARTS_IN_SEGMENT + (url.searchParams.has('_HLS_part') ? part + 1 : PARTS_IN_SEGMENT);
    if (url.searchParams.has('_HLS_msn')) await until(Math.min(asked, parts.length + 1));
    return { body: lowPlaylist(parts, ready()) };
  };
  const segment =
    (from: number, to: number): Place =>
    async () => {
      await until(Math.min(to, parts.length));
      return { body: Buffer.concat(parts.slice(from, to).map(({ bytes }) => bytes)) };
    };
  const places: Record<string, Place> = { [`${folder}/v.m3u8`]: playlist, [`${folder}/init.mp4`]: init };
  for (let at = 0; at < parts.length; at++) places[`${folder}/p${at}.m4s`] = segment(at, at + 1);
  for (let at = 0; at * PARTS_IN_SEGMENT < parts.length; at++)
    places[`${folder}/s${at}.m4s`] = segment(at * PARTS_IN_SEGMENT, (at + 1) * PARTS_IN_SEGMENT);
  return places;
}

interface Part {
  readonly bytes: Buffer;
  readonly seconds: number;
}

function lowPlaylist(parts: readonly Part[], ready: number): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-TARGETDURATION:3',
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.8',
    '#EXT-X-PART-INF:PART-TARGET=0.6',
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-MAP:URI="init.mp4"',
  ];
  const isOver = ready > parts.length;
  const count = Math.min(ready, parts.length);
  for (let at = 0; at < count; at++) {
    const { seconds } = parts[at] ?? { seconds: 0 };
    const isIndependent = (at * PART_FRAMES) % FRAMES_IN_GROUP === 0;
    lines.push(`#EXT-X-PART:DURATION=${seconds.toFixed(5)},URI="p${at}.m4s"${isIndependent ? ',INDEPENDENT=YES' : ''}`);
    const isLast = (at + 1) % PARTS_IN_SEGMENT === 0 || at === parts.length - 1;
    if (!isLast) continue;
    const first = at - (at % PARTS_IN_SEGMENT);
    const whole = parts.slice(first, at + 1).reduce((sum, part) => sum + part.seconds, 0);
    lines.push(`#EXTINF:${whole.toFixed(5)},`, `s${first / PARTS_IN_SEGMENT}.m4s`);
  }
  if (isOver) lines.push('#EXT-X-ENDLIST');
  else if (count < parts.length) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p${count}.m4s"`);
  return `${lines.join('\n')}\n`;
}

/** The fragments of an MP4 of pictures. */
function partsOf(file: Buffer): { readonly init: Buffer; readonly parts: readonly Part[] } {
  const boxes: { readonly type: string; readonly bytes: Buffer }[] = [];
  for (let at = 0; at + 8 <= file.length; at += file.readUInt32BE(at))
    boxes.push({ type: file.toString('latin1', at + 4, at + 8), bytes: file.subarray(at, at + file.readUInt32BE(at)) });
  const bytesOf = (...types: readonly string[]) => boxes.filter(({ type }) => types.includes(type));
  const parts = boxes.flatMap(({ type, bytes }, at): Part[] => {
    if (type !== 'moof') return [];
    const samples = bytes.readUInt32BE(bytes.indexOf('trun', 0, 'latin1') + 8);
    return [
      { bytes: Buffer.concat([bytes, boxes[at + 1]?.bytes ?? Buffer.alloc(0)]), seconds: samples / FRAMES_PER_SECOND },
    ];
  });
  return { init: Buffer.concat(bytesOf('ftyp', 'moov').map(({ bytes }) => bytes)), parts };
}

/** Milliseconds since it was looked at first. */
function startedByUse(): () => number {
  let startedAt: number | null = null;
  return () => {
    startedAt ??= performance.now();
    return performance.now() - startedAt;
  };
}
