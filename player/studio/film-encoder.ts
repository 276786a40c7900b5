import type { Camera } from './camera.ts';
import type { Encoder, EncoderOptions } from './encoder.ts';
import { filmPayloads } from './film-payloads.ts';
import type { FilmPacket } from './film-payloads.ts';
import { picturePackets } from './picture-packets.ts';
import type { Pictureless } from './picture-packets.ts';
import { createSoundClock } from './sound-clock.ts';
import { OPUS_RATE, soundPackets } from './sound-packets.ts';
import { soundFormat } from './wire.ts';
import type { PacketFormat } from './wire.ts';

export interface FilmEncoderOptions extends EncoderOptions {
  readonly camera: Camera;
  /** Milliseconds. */
  readonly now: () => number;
  readonly isHeld: () => boolean;
  /** No more pictures come; before the first one `format` rejects, else the sound goes on alone. */
  readonly pictureless: (why: Pictureless) => void;
}

/** Packets of sound, 20 ms each, after which what there is makes messages. */
const PACKETS = 8;
/** Fits into a message of text, too. */
const MOST_PAYLOAD = 24_000;
/** Seconds of sound without any picture, after which none will come. */
const PATIENCE = 8;

/** Encodes what `node` plays as Opus, and what a camera shows as H.264, on one clock. */
export async function createFilmEncoder(node: AudioNode, tap: string, options: FilmEncoderOptions): Promise<Encoder> {
  const { channels, bitrate, camera, now, isHeld, pictureless, payload, failed } = options;
  const sound = Promise.withResolvers<PacketFormat>();
  const clock = createSoundClock(now);
  let packets: FilmPacket[] = [];
  let [samples, count, hasPictures] = [0, 0, false];

  function flush(): void {
    for (const bytes of filmPayloads(packets, MOST_PAYLOAD)) payload(bytes);
    [packets, count] = [[], 0];
  }

  const pictures = picturePackets(camera, {
    ...{ isHeld, ended: pictureless, place: () => clock.place() },
    packet(bytes, ms, isKey) {
      hasPictures = true;
      packets.push({ kind: isKey ? 'key' : 'picture', bytes, ms });
    },
  });
  const heard = await soundPackets(node, tap, {
    ...{ channels, bitrate, failed },
    taken: (all) => clock.heard((all * 1000) / OPUS_RATE),
    packet(bytes, added, config) {
      if (config !== null) sound.resolve(soundFormat(channels, config));
      packets.push({ kind: 'sound', bytes, ms: (samples * 1000) / OPUS_RATE });
      samples += added;
      count += 1;
      if (count >= PACKETS) flush();
      if (!hasPictures && samples > PATIENCE * OPUS_RATE) pictures.giveUp();
    },
  });

  return {
    format: Promise.all([sound.promise, pictures.format]).then(([said, video]) => ({ ...said, video })),
    async stop() {
      await Promise.all([pictures.stop(), heard.stop()]);
      flush();
      sound.reject(new Error('No sound came.'));
    },
  };
}
