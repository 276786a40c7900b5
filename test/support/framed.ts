import { get, type Answer, type Ask } from './client.ts';

/** A box at the top level of a framed stream. */
export interface TopBox {
  readonly type: string;
  readonly bytes: Buffer;
}

/** An `emsg` of Baton: what it says (every type has fields of its own), and the fragments that came before it. */
export interface Said {
  readonly type: string;
  readonly time?: number;
  readonly token?: string | null;
  readonly [field: string]: unknown;
  readonly id: number;
  /** On the presentation timeline, in samples. */
  readonly at: number;
  readonly fragmentsBefore: number;
}

export interface ReadFrame {
  /** Decode time in samples. */
  readonly time: number;
  readonly duration: number;
  /** A character for each byte: texts are compared at once. */
  readonly bytes: string;
}

export interface ReadFragment {
  readonly sequence: number;
  readonly frames: readonly ReadFrame[];
  /** Where its `mdat` ends in the body. */
  readonly end: number;
}

/** A framed stream, taken apart by a reader that shares nothing with the writer. */
export interface Framed {
  readonly boxes: readonly TopBox[];
  readonly init: Buffer;
  /** What the one edit takes off, and how long a frame is, in samples. */
  readonly priming: number;
  readonly frameSamples: number;
  readonly events: readonly Said[];
  readonly fragments: readonly ReadFragment[];
  readonly frames: readonly ReadFrame[];
  /** False when the body broke off inside a box. */
  readonly isWhole: boolean;
}

/** Takes `body` apart; every box and field that a player relies on must be there, else this throws. */
export function readFramed(body: Buffer): Framed {
  const boxes: TopBox[] = [];
  const events: Said[] = [];
  const fragments: ReadFragment[] = [];
  let [priming, frameSamples] = [NaN, NaN];
  let at = 0;
  for (; at + 8 <= body.length;) {
    const size = body.readUInt32BE(at);
    if (size < 8) throw new Error(`a box of ${size} bytes at ${at}`);
    if (at + size > body.length) break;
    const bytes = body.subarray(at, at + size);
    const type = body.toString('latin1', at + 4, at + 8);
    const before = boxes.at(-1);
    boxes.push({ type, bytes });
    at += size;
    if (type === 'moov') {
      priming = find(bytes, 'trak', 'edts', 'elst').readInt32BE(20);
      frameSamples = find(bytes, 'mvex', 'trex').readUInt32BE(20);
    }
    if (type === 'emsg') events.push(readEmsg(bytes, fragments.length));
    if (type === 'mdat') {
      if (before?.type !== 'moof') throw new Error('mdat without moof');
      fragments.push({ ...readFragment(before.bytes, bytes, frameSamples), end: at });
    }
  }
  const init = Buffer.concat(boxes.slice(0, 2).map(({ bytes }) => bytes));
  const frames = fragments.flatMap((fragment) => fragment.frames);
  return { boxes, init, priming, frameSamples, events, fragments, frames, isWhole: at === body.length };
}

/** The bytes of the box at `path` below `parent`, which has no fields before its boxes. */
export function find(parent: Buffer, ...path: readonly string[]): Buffer {
  const [type, ...rest] = path;
  if (type === undefined) return parent;
  for (let at = 8; at + 8 <= parent.length; at += parent.readUInt32BE(at))
    if (parent.toString('latin1', at + 4, at + 8) === type)
      return find(parent.subarray(at, at + parent.readUInt32BE(at)), ...rest);
  throw new Error(`no ${type} in ${parent.toString('latin1', 4, 8)}`);
}

/** The legs of `url` from `place` on, each opened where the one before said that it ends, until the stream does. */
export async function followLegs(url: string, place: string, ask: Ask = {}): Promise<readonly Framed[]> {
  const legs: Framed[] = [];
  for (let next: string | null = place; next !== null;) {
    const answer = await get(`${url}/${next}`, ask);
    const leg = readAnswer(answer);
    const last = leg.events.at(-1);
    if (last?.type !== 'end') throw new Error(`a leg that ends with ${JSON.stringify(last)}`);
    legs.push(leg);
    next = last['reason'] === 'leg' ? `r.${String(last.token)}` : null;
  }
  return legs;
}

/** An answer that has to be a stream. */
export function readAnswer({ status, bytes }: Answer): Framed {
  if (status !== 200) throw new Error(`${status}: ${bytes.toString()}`);
  return readFramed(bytes);
}

/** Version 1 (ISO/IEC 23009-1 section 5.10.3.3). */
function readEmsg(box: Buffer, fragmentsBefore: number): Said {
  const schemeEnd = box.indexOf(0, 32);
  const valueEnd = box.indexOf(0, schemeEnd + 1);
  const [scheme, value] = [box.toString('utf8', 32, schemeEnd), box.toString('utf8', schemeEnd + 1, valueEnd)];
  const [version, timescale, duration] = [box.readUInt8(8), box.readUInt32BE(12), box.readUInt32BE(24)];
  const expected = version === 1 && timescale === 48_000 && duration === 0;
  if (!expected || scheme !== 'urn:baton:event:2026' || value !== '1')
    throw new Error(`emsg ${version} ${timescale} ${duration} ${scheme} ${value}`);
  const data = JSON.parse(box.toString('utf8', valueEnd + 1)) as { type: string };
  return { ...data, id: box.readUInt32BE(28), at: Number(box.readBigUInt64BE(16)), fragmentsBefore };
}

function readFragment(moof: Buffer, mdat: Buffer, defaultDuration: number): Omit<ReadFragment, 'end'> {
  const [tfhd, tfdt, trun] = ['tfhd', 'tfdt', 'trun'].map((type) => find(moof, 'traf', type)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  if ((tfhd.readUInt32BE(8) & 0x020000) === 0) throw new Error('offsets do not count from the moof');
  const flags = trun.readUInt32BE(8) & 0xffffff;
  if ((flags & ~0x300) !== 1) throw new Error(`trun with flags ${flags}`);
  if (trun.readUInt32BE(16) !== moof.length + 8) throw new Error('data does not begin with the mdat');
  let time = Number(tfdt.readBigUInt64BE(12));
  let [at, data] = [20, 8];
  const frames = Array.from({ length: trun.readUInt32BE(12) }, () => {
    const duration = flags & 0x100 ? trun.readUInt32BE((at += 4) - 4) : defaultDuration;
    const size = trun.readUInt32BE((at += 4) - 4);
    const frame = { time, duration, bytes: mdat.toString('latin1', data, data + size) };
    time += duration;
    data += size;
    return frame;
  });
  if (data !== mdat.length || at !== trun.length) throw new Error('sizes do not fill the boxes');
  return { sequence: find(moof, 'mfhd').readUInt32BE(12), frames };
}
