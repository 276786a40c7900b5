import { readFramed, type Framed } from './framed.ts';

const VIDEO_TRACK = 2;

/** A body as its sound with the events, and its pictures behind the head of both. */
export interface Parted {
  readonly sound: Framed;
  readonly pictures: Buffer;
  /** When each fragment of pictures is decoded, in seconds, and how many fragments of sound came before it. */
  readonly fragments: readonly { readonly at: number; readonly soundBefore: number }[];
}

/** Takes a body apart; `timescale` is that of the pictures. */
export function part(body: Buffer, timescale = 25_000): Parted {
  const [sound, pictures]: [Buffer[], Buffer[]] = [[], []];
  const fragments: { at: number; soundBefore: number }[] = [];
  let [soundBefore, isPicture] = [0, false];
  for (let at = 0; at < body.length; at += body.readUInt32BE(at)) {
    const box = body.subarray(at, at + body.readUInt32BE(at));
    const type = box.toString('latin1', 4, 8);
    if (type === 'moof') {
      isPicture = box.readUInt32BE(box.indexOf('tfhd') + 8) === VIDEO_TRACK;
      if (isPicture)
        fragments.push({ at: Number(box.readBigUInt64BE(box.indexOf('tfdt') + 8)) / timescale, soundBefore });
      else soundBefore += 1;
    }
    const isHead = type === 'ftyp' || type === 'moov';
    if (isHead || ((type === 'moof' || type === 'mdat') && isPicture)) pictures.push(box);
    if (isHead || !((type === 'moof' || type === 'mdat') && isPicture)) sound.push(withoutPictures(box));
  }
  return { sound: readFramed(Buffer.concat(sound)), pictures: Buffer.concat(pictures), fragments };
}

/** A head whose track of pictures, which stands in front, counts no more. */
function withoutPictures(box: Buffer): Buffer {
  if (box.toString('latin1', 4, 8) !== 'moov') return box;
  const changed = Buffer.from(box);
  changed.write('free', changed.indexOf('trak'), 'latin1');
  return changed;
}
