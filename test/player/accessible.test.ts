import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { axe } from './axe.ts';
import { get, playerOrigin, playerTab, set } from './player-page.ts';

const COVER = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><rect width="2" height="2" fill="#134e4a"/></svg>`;

const EPISODES = JSON.stringify(
  ['Rising, slowly', 'Falling again, with a title that is longer than any player is wide', 'Third'].map((title) => ({
    ...{ title, artist: 'A machine', artwork: '/cover.svg', chapters: '/chapters.json', duration: 1800 },
    sources: [{ src: '/episode.mp3' }],
  })),
);

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const WIDTHS = [200, 320, 800];
const full = (attributes = ''): string => `<baton-player playlist="/playlist.json" stats ${attributes}></baton-player>`;
const page = (lang = 'en'): string =>
  `<section lang="${lang}">${WIDTHS.map((width) => `<div style="width:${width}px; margin:8px">${full()}</div>`).join('')}</section>`;

const open = async (body: string, options: Parameters<typeof openPage>[2] = {}) => {
  const origin = await playerOrigin(body, { '/playlist.json': EPISODES, '/cover.svg': COVER });
  const tab = await openPage(browser, `${origin.origin}/page`, { viewport: { width: 900, height: 1400 }, ...options });
  return {
    ...tab,
    origin,
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all([tab[Symbol.asyncDispose](), origin[Symbol.asyncDispose]()])),
  };
};

test.each(['light', 'dark'] as const)(
  'axe finds nothing wrong in %s, at rest and with each drawer open',
  async (colorScheme) => {
    await using tab = await open(page(), { colorScheme, reducedMotion: 'reduce' });
    await everyPlayer(tab.page, 'chapters', 3);
    expect(await axe(tab.page)).toEqual([]);
    for (const drawer of ['Sleep timer', 'Chapters', 'Episodes', 'Statistics']) {
      await clickAll(tab.page, drawer);
      expect(await axe(tab.page), drawer).toEqual([]);
      expect(await overflowing(tab.page), drawer).toEqual([]);
    }
  },
  40_000,
);

test('axe finds nothing wrong with an error, nor in Arabic', async () => {
  await using tab = await open(page('ar'), { reducedMotion: 'reduce' });
  tab.origin.fault = () => ({ status: 404, json: {} });
  await tab.page.reload();
  await expect.poll(() => tab.page.getByText('لا يوجد صوت في هذا العنوان.').count()).toBe(WIDTHS.length);
  expect(await axe(tab.page)).toEqual([]);
  expect(await overflowing(tab.page)).toEqual([]);
  await clickAll(tab.page, 'الحلقات');
  expect(await axe(tab.page)).toEqual([]);
  const sides = await tab.page.evaluate(() => {
    const root = [...document.querySelectorAll('baton-player')].at(-1)?.shadowRoot;
    const left = (selector: string) => root?.querySelector(selector)?.getBoundingClientRect().left ?? 0;
    return {
      artwork: left('.artwork') > left('.heading'),
      time: left('.elapsed') < left('.total'),
      dir: root?.querySelector<HTMLElement>('.player')?.dir,
    };
  });
  expect(sides).toEqual({ artwork: true, time: true, dir: 'rtl' });
});

test.each(['de', 'es', 'fr', 'it', 'ja', 'pt'])('in %s nothing sticks out at 200, 320 and 800 pixels', async (lang) => {
  await using tab = await open(page(lang));
  await everyPlayer(tab.page, 'chapters', 3);
  await expect.poll(() => spoken(tab.page)).toBe(lang);
  expect(await overflowing(tab.page)).toEqual([]);
  const english = await tab.page.getByRole('button', { name: 'Play', exact: true }).count();
  expect(english).toBe(0);
});

test.each(['en', 'de', 'ja', 'ar'])(
  'at no width does anything stick out or lie on something else, in %s',
  async (lang) => {
    const widths = [200, 240, 299, 300, 340, 380, 439, 440, 479, 480, 520, 599, 600, 640, 679, 680, 719, 720, 760, 900];
    const single = `src="/episode.mp3" title="One" artist="A machine" artwork="/cover.svg" chapters="/chapters.json" stats`;
    const players = widths.flatMap((width) =>
      ['playlist="/playlist.json" stats', single].map(
        (attributes) => `<div style="width:${width}px; margin:8px"><baton-player ${attributes}></baton-player></div>`,
      ),
    );
    await using tab = await open(`<section lang="${lang}">${players.join('')}</section>`);
    await everyPlayer(tab.page, 'chapters', 3);
    await expect.poll(() => spoken(tab.page)).toBe(lang);
    expect(await overflowing(tab.page)).toEqual([]);
    expect(await overlapping(tab.page)).toEqual([]);
  },
);

test('Tab reaches everything in order, visibly, also what a button opens', async () => {
  await using tab = await open(`<div style="width:800px">${full()}</div>`);
  await everyPlayer(tab.page, 'chapters', 3);
  const names: string[] = [];
  const next = async (): Promise<void> => {
    await tab.page.keyboard.press('Tab');
    names.push(
      await tab.page.evaluate(() => {
        const focused = document.querySelector('baton-player')?.shadowRoot?.activeElement;
        if (focused == null) return 'outside';
        if (getComputedStyle(focused).outlineStyle === 'none') return 'invisible focus';
        return focused.getAttribute('aria-label') ?? focused.textContent;
      }),
    );
  };
  while (names.length < 20 && names.at(-1) !== 'Chapters') await next();
  await tab.page.keyboard.press('Enter');
  await tab.page.getByRole('button', { name: /Good night/ }).waitFor();
  for (let i = 0; i < 7; i++) await next();
  expect(names).toEqual([
    ...['Position', 'Back 15 seconds', 'Play', 'Forward 30 seconds', 'Next episode', 'Speed', 'Sleep timer'],
    ...['Chapters', 'Episodes', 'Copy link to this moment', 'Statistics', 'Mute', 'Volume'],
    ...['Hello0:00', 'The long middle part, in which everything is explained0:04'],
  ]);
});

test('what scrolls keeps the keys that scroll it', async () => {
  await using tab = await open(`<div style="width:200px">${full()}</div>`);
  const { page: shown } = tab;
  await expect.poll(() => get(shown, 'duration')).toBeGreaterThan(10);
  await set(shown, 'currentTime', 6);
  await shown.getByRole('button', { name: 'Statistics' }).click();
  const statistics = shown.getByRole('group', { name: 'Statistics' });
  await statistics.getByText('Estimated cost').waitFor();
  await statistics.focus();
  for (const key of ['ArrowDown', 'ArrowRight', 'ArrowDown']) await shown.keyboard.press(key);
  await expect.poll(() => statistics.evaluate((drawer) => drawer.scrollTop)).toBeGreaterThan(0);
  expect([await get(shown, 'currentTime'), await get(shown, 'volume')]).toEqual([6, 1]);
});

test('the keyboard reaches chapters, speeds and lists', async () => {
  await using tab = await playerTab(browser, '<baton-player src="/a.mp3" chapters="/chapters.json"></baton-player>');
  const { page: shown } = tab;
  await expect.poll(() => get(shown, 'chapters')).toHaveLength(3);
  await shown.getByRole('slider', { name: 'Position' }).focus();
  const after = async (key: string, property = 'currentTime') => {
    await shown.keyboard.press(key);
    return get(shown, property);
  };
  await expect.poll(() => after(']')).toBe(4); // keys are loaded with the first focus
  expect(await after('Shift+ArrowRight')).toBe(9);
  await set(shown, 'currentTime', 8);
  expect(await after('[')).toBe(4);
  expect(await after('Shift+ArrowLeft')).toBe(0);
  expect(await after('>', 'playbackRate')).toBe(1.1);
  expect(await after('<', 'playbackRate')).toBe(1);
  expect(await after('<', 'playbackRate')).toBe(0.9);

  await shown.getByRole('button', { name: 'Chapters' }).press('Enter');
  const entries = shown.getByRole('list', { name: 'Chapters' }).getByRole('button');
  await entries.first().focus();
  await shown.keyboard.press('ArrowDown');
  await shown.keyboard.press('End');
  await shown.keyboard.press('ArrowUp');
  await shown.keyboard.press('Enter');
  await expect.poll(() => get(shown, 'currentTime')).toBeGreaterThanOrEqual(4);
  await expect.poll(() => entries.nth(1).getAttribute('aria-current')).toBe('true');
  expect(await get(shown, 'paused')).toBe(false);
  await shown.keyboard.press('Escape');
  expect(await shown.getByRole('list', { name: 'Chapters' }).count()).toBe(0);
  const focused = await shown.evaluate(
    () => document.querySelector('baton-player')?.shadowRoot?.activeElement?.ariaLabel,
  );
  expect(focused).toBe('Chapters');
});

/** Pieces that reach out of their player; lists scroll. */
const overflowing = (shown: Page): Promise<string[]> =>
  shown.evaluate(() =>
    [...document.querySelectorAll('baton-player')].flatMap((player) => {
      const outside = player.getBoundingClientRect();
      return [...(player.shadowRoot?.querySelectorAll('.player *') ?? [])]
        .filter((piece) => piece.closest('.legs, .drawer > *, .track, svg') === null)
        .filter((piece) => {
          const { left, right, width } = piece.getBoundingClientRect();
          return width > 0 && (left < outside.left - 0.5 || right > outside.right + 0.5);
        })
        .map((piece) => `${outside.width}: ${piece.className}`);
    }),
  );

/** Controls that lie on each other, or touch. */
const overlapping = (shown: Page): Promise<string[]> =>
  shown.evaluate(() =>
    [...document.querySelectorAll('baton-player')].flatMap((player) => {
      const { width: playerWidth } = player.getBoundingClientRect();
      const pieces = [...(player.shadowRoot?.querySelectorAll('.player button, .player select, .volume') ?? [])]
        .map((piece) => ({ name: piece.className, box: piece.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0);
      return pieces.flatMap((a, i) =>
        pieces
          .slice(i + 1)
          .filter(({ box }) => box.left < a.box.right && a.box.left < box.right)
          .filter(({ box }) => box.top < a.box.bottom && a.box.top < box.bottom)
          .map((b) => `${playerWidth}: ${a.name} and ${b.name}`),
      );
    }),
  );

const spoken = (shown: Page): Promise<string | undefined> =>
  shown.evaluate(() => document.querySelector('baton-player')?.shadowRoot?.querySelector<HTMLElement>('.player')?.lang);

/** Waits until every player has a list of this length. */
const everyPlayer = (shown: Page, property: string, length: number): Promise<void> =>
  expect
    .poll(() =>
      shown.evaluate(
        ([name, wanted]) =>
          [...document.querySelectorAll('baton-player')].every(
            (player) => (Reflect.get(player, name) as unknown[]).length === wanted,
          ),
        [property, length] as const,
      ),
    )
    .toBe(true);

async function clickAll(shown: Page, name: string): Promise<void> {
  for (const button of await shown.getByRole('button', { name, exact: true }).all()) await button.click();
  await shown.waitForTimeout(150); // the contents come with the first that opens
}
