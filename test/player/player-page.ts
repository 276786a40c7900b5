import { expect } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { bundlePlayer } from '../../src/local/player-bundle.ts';
import { openPage } from '../support/browser.ts';
import { audioOrigin, makeMp3 } from './audio-origin.ts';
import type { AudioOrigin } from './audio-origin.ts';

let made: { readonly mp3: Buffer; readonly scripts: Readonly<Record<string, string>> } | null = null;

/** The scripts of the player as they are served, and an episode of a tone. */
export async function playerFiles(): Promise<{ mp3: Buffer; scripts: Readonly<Record<string, string>> }> {
  if (made !== null) return made;
  const bundle = await bundlePlayer();
  const texts = [...bundle].map(([path, contents]) => [path, Buffer.from(contents).toString()] as const);
  return (made = { mp3: makeMp3(), scripts: Object.fromEntries(texts) });
}

/** Chapters of the twelve seconds, as podcast JSON chapters 1.2. */
export const CHAPTERS = {
  version: '1.2.0',
  chapters: [
    { startTime: 0, title: 'Hello' },
    { startTime: 4, title: 'The long middle part, in which everything is explained' },
    { startTime: 9, title: 'Good night' },
  ],
};

/** A server of the player, of audio at every `.mp3`, of `/chapters.json`, and of a page with `body` at `/page`. */
export async function playerOrigin(body: string, more: Readonly<Record<string, string>> = {}): Promise<AudioOrigin> {
  const { mp3, scripts } = await playerFiles();
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Test</title>
    <script type="module" src="/player/baton-player.js"></script><main>${body}</main></html>`;
  return audioOrigin(mp3, { '/page': page, '/chapters.json': JSON.stringify(CHAPTERS), ...scripts, ...more });
}

/** A tab with `body` in it whose player has its metadata, on a server of its own. */
export async function playerTab(
  browser: Browser,
  body: string,
  { hash = '', ...options }: Parameters<typeof openPage>[2] & { hash?: string } = {},
): Promise<AsyncDisposable & { page: Page; errors: readonly string[]; origin: AudioOrigin }> {
  const origin = await playerOrigin(body);
  const tab = await openPage(browser, `${origin.origin}/page${hash}`, options);
  await expect.poll(() => get(tab.page, 'readyState'), { timeout: 10_000 }).toBeGreaterThan(0);
  return {
    ...{ page: tab.page, errors: tab.errors, origin },
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

/** A property of the player in the page. */
export const get = (page: Page, name: string): Promise<unknown> =>
  page.evaluate((property) => Reflect.get(document.querySelector('baton-player') ?? {}, property) as unknown, name);

/** Sets a property of the player in the page. */
export const set = (page: Page, name: string, value: unknown): Promise<unknown> =>
  page.evaluate(
    ([property, to]) => Reflect.set(document.querySelector('baton-player') ?? {}, property as string, to),
    [name, value],
  );
