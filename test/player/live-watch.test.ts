import { expect, test } from 'vitest';
import { createLive } from '../../player/core/live.ts';

const START = { type: 'start', duration: null, codec: 'mp4a.40.2', legSeconds: null } as const;

/** A watch of a channel that runs by a clock of its own, 6 s behind at best. */
function watched(isAtEdge = true) {
  const audio = { playbackRate: 1 };
  const went: number[] = [];
  const self = { audio, went, now: 0, position: 100, bufferedAhead: 10, wanted: true };
  const live = createLive(
    {
      audio: audio as HTMLAudioElement,
      now: () => self.now,
      position: () => self.position,
      wanted: () => self.wanted,
      stats: () => ({ bufferedAhead: self.bufferedAhead }) as never,
      isStarved: () => false,
      park: () => undefined,
      goTo: (place) => went.push(place),
      tell: () => undefined,
    },
    isAtEdge,
  );
  const window = (to: number, from = 0) => ({ from, to, behind: 6 });
  live.told({ ...START, time: 100, version: 'a', live: window(106) }, true);
  /** Lets `seconds` go by in which so many are heard. */
  const pass = (seconds: number, heard = seconds): void => {
    self.now += seconds * 1000;
    self.position += heard;
    live.told({ type: 'position', time: 0, token: 't', live: window(106 + self.now / 1000) }, false);
    live.look();
  };
  return Object.assign(self, { live, pass });
}

test('who drifted behind is brought back gently, and no further than that', () => {
  const player = watched();
  player.pass(10);
  expect(player.audio.playbackRate).toBe(1);
  player.pass(4, 0);
  expect(player.audio.playbackRate).toBe(1.03);
  player.pass(60, 62);
  expect(player.audio.playbackRate).toBe(1.03);
  player.pass(60, 61.2);
  expect(player.audio.playbackRate).toBe(1);
});

test('who has little ahead is not hurried', () => {
  const player = watched();
  player.bufferedAhead = 2;
  player.pass(4, 0);
  expect(player.audio.playbackRate).toBe(1);
});

test.each([
  ['rewound', ({ live }: ReturnType<typeof watched>) => live.place(50)],
  [
    'paused for long',
    (player: ReturnType<typeof watched>) => {
      player.wanted = false;
      player.pass(20, 0);
      player.wanted = true;
    },
  ],
])('who %s is left where they are', (_, act) => {
  const player = watched();
  act(player);
  player.pass(20, 0);
  player.pass(1);
  expect(player.audio.playbackRate).toBe(1);
  player.live.toEdge();
  expect(player.went.at(-1)).toBeGreaterThan(110);
});

test('a speed of the listener’s own is left alone', () => {
  const player = watched();
  player.audio.playbackRate = 1.25;
  player.pass(4, 0);
  expect(player.audio.playbackRate).toBe(1.25);
});

test('whose next sound is gone comes to the edge, and so does who knows nothing of it any more', () => {
  const player = watched();
  player.live.told({ ...START, time: 110, version: 'a', live: { from: 500, to: 900, behind: 6 } }, false);
  player.live.look();
  expect(player.went).toEqual([-1]);
  player.now += 60_000;
  expect(player.live.place(Infinity)).toBe(-1);
});
