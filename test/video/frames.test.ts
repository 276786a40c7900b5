import { expect, test } from 'vitest';
import { videoInit } from '../../src/media/fmp4-video.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { offeredVideo, type OfferedVideo } from '../../src/video/offered.ts';
import { testEngine } from '../support/baton.ts';
import { film, H264, seenFrames, type FilmRecipe } from '../support/film.ts';
import { openFilm, segmentOf, wholeOf } from '../support/film-file.ts';

const isFull = process.env['BATON_FULL'] === '1';
const LONG_GOP = [
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-g',
  '1000',
  '-bf',
  '3',
  '-sc_threshold',
  '0',
  '-crf',
  '24',
];
const REALTIME = ['-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k', '-g', '60'];

/** With a fragment for each key frame, and sound in it. */
function fragmented(flags: string): FilmRecipe {
  return { video: H264, output: ['-movflags', flags, '-frag_duration', '1000000'] };
}

/** Films with frames of every kind, which come out as they went in. */
const SOURCES: Readonly<Record<string, FilmRecipe>> = {
  'H.264 with one key frame and B frames': { video: LONG_GOP },
  'H.264 in fragments that an mfra lists': fragmented('frag_keyframe+empty_moov'),
  'H.264 in fragments that a sidx lists': fragmented('dash+frag_keyframe+empty_moov+global_sidx+skip_trailer'),
  'H.264 in fragments that nothing lists': fragmented('frag_keyframe+empty_moov+default_base_moof+skip_trailer'),
  'VP9 in WebM': { extension: 'webm', video: ['-c:v', 'libvpx-vp9', ...REALTIME], audio: ['-c:a', 'libopus'] },
  ...(isFull && {
    '29.97 frames a second': { rate: '30000/1001', video: LONG_GOP },
    '50 frames a second': { rate: '50', seconds: 13, width: 1280, height: 720, video: LONG_GOP },
    'open groups of pictures': { video: [...H264, '-x264-params', 'open-gop=1'] },
    'VP8 in WebM': { extension: 'webm', video: ['-c:v', 'libvpx', ...REALTIME], audio: ['-c:a', 'libvorbis'] },
    'H.264 in Matroska': { extension: 'mkv', audio: null },
    'MPEG-4 part 2': { video: ['-c:v', 'mpeg4', '-q:v', '3', '-bf', '2', '-g', '40'] },
    HEVC: { video: ['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-x265-params', 'keyint=50'] },
    'odd sizes': { width: 322, height: 182, video: LONG_GOP },
    'a cut at no key frame': { again: { input: ['-ss', '2.5'], output: [] } },
    'no sound': { audio: null, video: LONG_GOP },
    'wide pixels': { output: ['-aspect', '64:27'], video: LONG_GOP },
  }),
};

test.each(Object.entries(SOURCES))('of %s each frame is there once, in order', async (_, recipe) => {
  const source = await film(recipe);
  const [before, after] = [await seenFrames(source), await seenFrames(await wholeOf(await lowest(source)))];
  expect(before.length).toBeGreaterThan(280);
  expect(after).toEqual(before);
});

test('frames that were H.264 already are passed on, cut at key frames', async () => {
  const source = await film();
  const own = (await offers(source))[0];
  if (own === undefined) throw new Error('nothing is offered');
  expect(own.key).toBeNull();
  expect(own.durations.reduce((sum, duration) => sum + duration, 0)).toBeCloseTo(14, 3);
  expect(own.durations.length).toBeGreaterThan(1);
  expect(await seenFrames(await wholeOf(own))).toEqual(await seenFrames(source));
});

test('twice as many frames a second are halved where pictures are small', async () => {
  const source = await film({ rate: '50', seconds: 7, width: 428, height: 240, video: LONG_GOP });
  const video = (await offers(source)).find(({ key }) => key !== null);
  const seen = await seenFrames(await wholeOf(video ?? (await lowest(source))));
  expect(video?.rate).toBe(25);
  expect(seen.map(({ number }) => number)).toEqual(Array.from({ length: 175 }, (_, index) => 2 * index));
});

test('a picture that is turned comes out the right way up', async () => {
  const source = await film({ again: { input: [], output: ['-metadata:s:v:0', 'rotate=90'] } });
  const video = await lowest(source);
  expect([video.width, video.height]).toEqual([180, 320]);
  expect(await seenFrames(await segmentOnly(video, 1))).toEqual(
    (await seenFrames(source)).slice(150, 300), // ffmpeg turns it, too
  );
});

async function offers(source: Uint8Array): Promise<readonly OfferedVideo[]> {
  const deps = { engine: await testEngine(), store: memoryStore({ maxBytes: 1e6 }) };
  return offeredVideo(await openFilm(source), 'version', deps);
}

async function lowest(source: Uint8Array): Promise<OfferedVideo> {
  const video = (await offers(source)).at(-1);
  if (video === undefined) throw new Error('nothing is offered');
  return video;
}

const segmentOnly = async (video: OfferedVideo, index: number): Promise<Buffer> =>
  Buffer.concat([videoInit(await video.track(new AbortController().signal)), await segmentOf(video, index)]);
