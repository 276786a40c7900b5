import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { EPISODE_SECONDS } from './audio-origin.ts';
import { get, playerOrigin, playerTab, set } from './player-page.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const SOURCE = '<baton-player src="/episode.mp3" title="A tone" artist="Tests"></baton-player>';

test('it has every property and method of an audio element, and answers as one does', async () => {
  await using tab = await playerTab(browser, `${SOURCE}<audio src="/episode.mp3" preload="metadata"></audio>`);
  const { missing, odd } = await tab.page.evaluate(() => {
    const [audio, player] = [document.querySelector('audio'), document.querySelector('baton-player')];
    if (audio === null || player === null) return { missing: ['everything'], odd: [] };
    const names = Object.getOwnPropertyNames(HTMLMediaElement.prototype).filter((name) => /^[a-z]/.test(name));
    const value = (element: Element, name: string): string => {
      const it: unknown = Reflect.get(element, name);
      return typeof it === 'object' && it !== null ? Object.prototype.toString.call(it) : String(it);
    };
    const ranges = ['buffered', 'played', 'seekable', 'constructor'];
    const changing = ['readyState', 'networkState', 'currentTime', 'duration', 'controls', 'preload', 'currentSrc'];
    return {
      missing: names.filter((name) => !(name in player)),
      odd: names
        .filter((name) => name in player && typeof Reflect.get(audio, name) !== 'function')
        .filter((name) => ![...ranges, ...changing].includes(name))
        .filter((name) => value(audio, name) !== value(player, name))
        .map((name) => [name, value(audio, name), value(player, name)]),
    };
  });
  expect(odd).toEqual([]);
  // What concerns DRM, capture, devices, casting and Chromium's own counters is not this element's.
  const FOREIGN =
    /^(webkit|captureStream|mediaKeys|setMediaKeys|onencrypted|onwaitingforkey|sinkId|setSinkId|srcObject|remote|disableRemotePlayback|controlsList|addTextTrack|loading)/;
  expect(missing.filter((name) => !FOREIGN.test(name))).toEqual([]);
});

test('the same actions give the same events and states as on an audio element', async () => {
  await using tab = await playerTab(browser, `${SOURCE}<audio src="/episode.mp3" preload="metadata"></audio>`);
  const act = (tag: 'audio' | 'baton-player') =>
    tab.page.evaluate(async (name) => {
      const media = document.querySelector<HTMLMediaElement>(name);
      if (media === null) return null;
      const events: string[] = [];
      const bubbled: string[] = [];
      const watched =
        'play playing pause seeking seeked ratechange volumechange ended emptied loadstart loadedmetadata durationchange canplay loadeddata';
      for (const type of watched.split(' ')) {
        media.addEventListener(type, () => events.push(type));
        document.body.addEventListener(type, () => bubbled.push(type));
      }
      const once = (type: string) => new Promise((resolve) => media.addEventListener(type, resolve, { once: true }));
      const states: unknown[] = [];
      const note = () => {
        const { paused, ended, muted, volume, playbackRate, seeking, error } = media;
        states.push([paused, ended, muted, volume, playbackRate, seeking, error, Math.round(media.duration)]);
      };
      const after = async (type: string, action: () => unknown) => {
        const happened = once(type);
        await action();
        await happened;
        note();
      };
      if (media.readyState < 1) await once('loadedmetadata');
      note();
      events.length = 0;
      await after('volumechange', () => (media.volume = 0.4));
      await after('volumechange', () => (media.muted = true));
      await after('ratechange', () => (media.playbackRate = 2));
      await after('seeked', () => (media.currentTime = 6));
      await after('playing', () => media.play());
      await after('pause', () => media.pause());
      await after('seeked', () => (media.currentTime = 11.5));
      await after('ended', () => media.play());
      let thrown = '';
      try {
        media.volume = 2;
      } catch (error) {
        thrown = (error as Error).name;
      }
      events.push('|');
      await after('loadedmetadata', () => media.load());
      const seekable = [media.seekable.length, media.seekable.start(0), Math.round(media.seekable.end(0))];
      const order = events.filter((type) => !['canplay', 'loadeddata', 'durationchange'].includes(type));
      return { states, thrown, seekable, bubbled, order, types: [...new Set(events)].sort() };
    }, tag);
  const [own, native] = [await act('baton-player'), await act('audio')];
  expect(own?.types).toEqual(native?.types);
  expect(own?.order).toEqual(native?.order);
  expect(own?.states).toEqual(native?.states);
  expect([own?.thrown, own?.bubbled, own?.seekable]).toEqual([native?.thrown, native?.bubbled, native?.seekable]);
});

test('<source> children are taken in order, the first that can be played, and later ones when they come', async () => {
  const body = `<baton-player><source src="/a.xyz" type="audio/x-unknown"><source src="/episode.mp3#t=0:03" type="audio/mpeg"><source src="/c.mp3"></baton-player>`;
  await using tab = await playerTab(browser, body);
  expect(await get(tab.page, 'currentSrc')).toBe(`${tab.origin.origin}/episode.mp3`);
  expect(await get(tab.page, 'currentTime')).toBe(3);
  await tab.page.evaluate(() => {
    const player = document.createElement('baton-player');
    document.querySelector('main')?.replaceChildren(player);
    const source = Object.assign(document.createElement('source'), { src: '/late.mp3', type: 'audio/mpeg' });
    setTimeout(() => player.append(source), 50);
  });
  await expect.poll(() => get(tab.page, 'duration')).toBeCloseTo(EPISODE_SECONDS, 0);
});

test('a place in the address of the page is where it begins, and follows', async () => {
  await using tab = await playerTab(browser, SOURCE.replace('title', 'deep-link title'), { hash: '#t=1m2s' });
  await expect.poll(() => get(tab.page, 'currentTime')).toBeCloseTo(EPISODE_SECONDS, 0);
  await tab.page.evaluate(() => (location.hash = '#t=0:07'));
  await expect.poll(() => get(tab.page, 'currentTime')).toBe(7);
  await using other = await playerTab(browser, SOURCE, { hash: '#t=5' });
  expect(await get(other.page, 'currentTime')).toBe(0);
});

test('with loop it begins anew and neither ends nor pauses', async () => {
  await using tab = await playerTab(browser, SOURCE.replace('title', 'loop title'));
  const seen = await tab.page.evaluate(async () => {
    const player = document.querySelector<HTMLMediaElement>('baton-player');
    const seen: string[] = [];
    if (player === null) return seen;
    for (const type of ['pause', 'ended']) player.addEventListener(type, () => seen.push(type));
    player.currentTime = 11.5;
    await player.play();
    while (player.currentTime > 5 || player.currentTime === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    seen.push(String(player.paused));
    return seen;
  });
  expect(seen).toEqual(['false']);
});

test('what was set before the element is known is taken over', async () => {
  await using origin = await playerOrigin('<baton-player></baton-player>');
  await using tab = await openPage(browser, 'about:blank');
  await tab.page.addInitScript(() => {
    document.addEventListener('readystatechange', () => {
      const player = document.querySelector('baton-player');
      if (player !== null && document.readyState === 'interactive')
        Object.assign(player, { src: '/episode.mp3', volume: 0.25, playbackRate: 1.5 });
    });
  });
  await tab.page.goto(`${origin.origin}/page`);
  await expect.poll(() => get(tab.page, 'duration')).toBeCloseTo(EPISODE_SECONDS, 0);
  expect([await get(tab.page, 'volume'), await get(tab.page, 'playbackRate')]).toEqual([0.25, 1.5]);
});

test('a place that is no number is refused as an audio element refuses it', async () => {
  await using origin = await playerOrigin('<baton-player src="/ep.mp4" preload="none"></baton-player>');
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const thrown = await tab.page.evaluate(() =>
    [Number.NaN, Infinity].map((place) => {
      try {
        Reflect.set(document.querySelector('baton-player') ?? {}, 'currentTime', place);
        return null;
      } catch (error) {
        return (error as Error).name;
      }
    }),
  );
  expect(thrown).toEqual(['TypeError', 'TypeError']);
});

test('a refusal shows as an error like that of an audio element', async () => {
  await using origin = await playerOrigin(SOURCE);
  origin.fault = () => ({ status: 404, json: { code: 'NOT_FOUND', message: 'There is nothing here.' } });
  await using tab = await openPage(browser, `${origin.origin}/page`);
  await expect.poll(() => get(tab.page, 'error')).toEqual({ code: 2, message: 'There is nothing here.' });
  expect(await get(tab.page, 'networkState')).toBe(3);
});

test('the system is told what plays and where, and steers it', async () => {
  await using tab = await playerTab(
    browser,
    '<baton-player src="/a.mp3" title="A tone" artist="Tests" album="All" artwork="/none.png" chapters="/chapters.json"></baton-player>',
  );
  await tab.page.evaluate(() => {
    const calls: Record<string, unknown> = {};
    Object.assign(window, { calls, actions: {} });
    const { mediaSession } = navigator;
    mediaSession.setActionHandler = (action, handler) =>
      void ((window as unknown as { actions: Record<string, unknown> }).actions[action] = handler);
    mediaSession.setPositionState = (state) => void (calls['position'] = state);
  });
  await expect.poll(() => get(tab.page, 'chapters')).toHaveLength(3);
  await tab.page.getByRole('button', { name: 'Play' }).click();
  const steer = (action: string, details: object = {}) =>
    tab.page.evaluate(
      ([name, given]) => {
        const { actions } = window as unknown as { actions: Record<string, (details: object) => void> };
        actions[name]?.({ action: name, ...given });
      },
      [action, details] as const,
    );
  const session = () =>
    tab.page.evaluate(() => {
      const { metadata, playbackState } = navigator.mediaSession;
      return { title: metadata?.title, artist: metadata?.artist, album: metadata?.album, playbackState };
    });
  await expect.poll(session).toEqual({ title: 'A tone', artist: 'Tests', album: 'All', playbackState: 'playing' });
  await steer('pause');
  await expect.poll(() => get(tab.page, 'paused')).toBe(true);
  await expect.poll(async () => (await session()).playbackState).toBe('paused');
  await steer('seekto', { seekTime: 1 });
  await steer('nexttrack');
  await expect.poll(() => get(tab.page, 'currentTime')).toBe(4);
  await steer('previoustrack');
  expect(await get(tab.page, 'currentTime')).toBe(0);
  await steer('seekforward', { seekOffset: 2 });
  expect(await get(tab.page, 'currentTime')).toBe(2);
  await set(tab.page, 'playbackRate', 2);
  const position = () => tab.page.evaluate(() => (window as unknown as { calls: { position: object } }).calls.position);
  await expect.poll(position).toMatchObject({ playbackRate: 2, position: 2 });
  await tab.page.evaluate(() => document.querySelector('baton-player')?.remove());
  await expect.poll(async () => (await session()).playbackState).toBe('none');
});
