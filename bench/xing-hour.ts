import { writeInfoFrame } from '../src/media/info-frame.ts';
import { mp3Walker } from '../src/media/mp3.ts';
import { source } from '../test/support/sources.ts';

/** An hour of VBR MP3 as hosts serve it: with a Xing frame that states its frames and bytes. */
export async function xingHour(): Promise<Uint8Array> {
  const { bytes } = await source('hour-vbr-bare.mp3');
  const walker = mp3Walker();
  const frames = [...walker.push(bytes), ...walker.end()];
  const first = frames[0]?.header;
  if (first === undefined) throw new Error('the hour has no frames');
  const { version, sampleRate, channels } = first;
  const info = {
    kind: 'Xing',
    version,
    sampleRate,
    channels,
    frames: frames.length,
    gapless: { delay: 576, padding: 1152 },
  } as const;
  const size = writeInfoFrame({ ...info, bytes: 0 }).length + bytes.length;
  return Buffer.concat([writeInfoFrame({ ...info, bytes: size }), bytes]);
}
