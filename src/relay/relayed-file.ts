import { BatonError } from '../errors.ts';
import { writeId3 } from '../media/id3-write.ts';
import { infoFrameBefore } from '../media/info-frame.ts';
import { DECODER_DELAY } from '../media/mp3.ts';
import type { Mp3Facts, Source } from '../source/record.ts';
import { etagOf } from './file-identity.ts';
import type { Content, RelayedFrames } from './virtual-file.ts';

/**
 * The source's own MP3 frames behind a head of ours. Exact once the frames are counted: at once for constant bitrate,
 * else when the seek index is complete. Throws CODEC_UNSUPPORTED for anything but MP3.
 */
export function relayedFile({ record, contents }: Source): Content {
  const { mp3, tags, version, samples, sampleRate, channels } = record;
  if (mp3 === null) throw new BatonError('CODEC_UNSUPPORTED', `codec.copy of ${record.codec}`);
  const frames: RelayedFrames = { kind: 'relayed', range: mp3.audio };
  const durationMs = samples === null ? null : (samples * 1000) / sampleRate;
  const file = { container: 'mp3', tags, durationMs, frames } as const;
  const tag = writeId3(tags);
  const isConstant = mp3.cbrKbps !== null;
  const counted = isConstant ? { frames: constantFrames(mp3), toc: undefined } : contents;
  if (counted === undefined) return { ...file, head: tag, size: null, etag: null };
  const stream = { version: mp3.version, sampleRate, channels: channels === 1 ? 1 : 2 } as const;
  // As padding the decoder's delay takes nothing off: decoders allow for their own.
  const gapless = mp3.delay === null ? null : { delay: mp3.delay, padding: mp3.padding ?? DECODER_DELAY };
  const bytes = mp3.audio.end - mp3.audio.start;
  const info = { ...stream, ...counted, kind: isConstant ? 'Info' : 'Xing', gapless } as const;
  const head = Buffer.concat([tag, infoFrameBefore(bytes, info)]);
  return { ...file, head, size: head.length + bytes, etag: etagOf(version, samples, 'copy') };
}

const constantFrames = ({ audio, cbrFrameBytes }: Mp3Facts): number =>
  Math.round((audio.end - audio.start) / (cbrFrameBytes ?? NaN));
