import { expect, test } from 'vitest';
import { filmDemux } from '../../src/ingest/film-demux.ts';
import { opusSound } from '../../src/ingest/show-sound.ts';
import { writeAvcConfig } from '../../src/media/avc.ts';
import { SOUND_TRACK, streamBlock, streamCluster, streamHead } from '../../src/media/matroska-stream.ts';

const SEQUENCE = Buffer.from('6742c01ed9005005bb0110000003001000000303c8f162e480', 'hex'); // 640 x 360
const PICTURE = Buffer.from('68cb83cb20', 'hex');
const COUNT = 32_000;

test('a batch of packets of one byte each is read in no more time than its bytes take', () => {
  const config = writeAvcConfig([SEQUENCE], [PICTURE]);
  const head = streamHead({
    sound: opusSound({ channels: 1, preSkip: 312 }),
    pictures: { config, width: 640, height: 360 },
  });
  const blocks = Array.from({ length: COUNT }, (_, at) => streamBlock(SOUND_TRACK, at, true, Uint8Array.of(8)));
  const stream = Buffer.concat([head, streamCluster(0), ...blocks]);
  const before = process.cpuUsage();
  const parts = filmDemux(null, 25).push(stream);
  const { user, system } = process.cpuUsage(before);
  expect(parts.map(({ kind }) => kind)).toEqual(['format', 'picture-format', 'packets']);
  expect(parts.at(-1)).toHaveProperty('packets.length', COUNT);
  expect((user + system) / 1e6).toBeLessThan(3); // where all before is copied with each: 6 to 15
});
