import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { openPage } from '../support/browser.ts';
import type { Stats } from '../../player/core.ts';
import type { Listener } from './listener.ts';

/** The page's own, for what runs in it. */
export type Scope = typeof globalThis & { createListener(pausedLimitMs?: number): Listener; listener: Listener };

/** What a page and its script are, by path. */
export async function listenerFiles(): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/listener.ts`],
    ...{ bundle: true, format: 'esm', target: 'es2022', write: false },
  });
  return {
    '/': '<!doctype html><script type="module" src="/listener.js"></script>',
    '/listener.js': outputFiles[0]?.text ?? '',
  };
}

/** A page that listens through the core; positions in seconds. */
export interface Listening extends AsyncDisposable {
  readonly page: Page;
  readonly errors: readonly string[];
  play(src: string, options?: { at?: number }): Promise<void>;
  position(): Promise<number>;
  /** Resolves when the playhead is past `seconds`, or when it ended. */
  until(seconds: number, timeoutMs?: number): Promise<void>;
  /** Resolves when a leg under way has brought so many seconds ahead of the playhead. */
  fed(seconds: number): Promise<void>;
  events(): Promise<readonly { type: string; detail: unknown }[]>;
  stats(): Promise<Stats>;
  /** Where the sound began, once it has. */
  begin(): Promise<number>;
  call(what: 'play' | 'pause' | 'seek' | 'toEdge', value?: number): Promise<void>;
  live(): Promise<{ from: number; edge: number; isAtEdge: boolean; rate: number; duration: string }>;
  /** All that were told. */
  titles(): Promise<readonly string[]>;
  /** Where what is buffered begins and ends. */
  ranges(): Promise<[number, number][]>;
}

/** Opens one at `origin`, whose files are `listenerFiles`. */
export async function openListening(browser: Browser, origin: string, pausedLimitMs?: number): Promise<Listening> {
  const tab = await openPage(browser, `${origin}/`);
  const { page } = tab;
  await page.waitForFunction(() => 'createListener' in globalThis);
  await page.evaluate((limit) => {
    const scope = globalThis as Scope;
    scope.listener = scope.createListener(limit);
  }, pausedLimitMs);
  const position = (): Promise<number> => page.evaluate(() => (globalThis as Scope).listener.playback.position());
  return {
    page,
    errors: tab.errors,
    play: (src, options = {}) =>
      page.evaluate(([at, given]) => (globalThis as Scope).listener.play([{ src: at }], given), [
        src,
        options,
      ] as const),
    position,
    async until(seconds, timeoutMs = 60_000) {
      const past = (to: number): boolean => {
        const { audio, playback } = (globalThis as Scope).listener;
        return audio.ended || playback.position() >= to;
      };
      await page.waitForFunction(past, seconds, { timeout: timeoutMs, polling: 100 });
    },
    async fed(seconds) {
      const isFed = (ahead: number): boolean => {
        const { bufferedAhead, legs } = (globalThis as Scope).listener.stats();
        return bufferedAhead >= ahead && legs.at(-1)?.end === null;
      };
      await page.waitForFunction(isFed, seconds, { polling: 50 });
    },
    events: () => page.evaluate(() => (globalThis as Scope).listener.events),
    stats: () => page.evaluate(() => (globalThis as Scope).listener.stats()),
    begin: () => page.evaluate(() => (globalThis as Scope).listener.begin),
    call: (what, value = 0) =>
      page.evaluate(
        ([name, to]) => {
          const { playback } = (globalThis as Scope).listener;
          if (name === 'seek') playback.seek(to);
          else if (name === 'toEdge') playback.live()?.toEdge();
          else void playback[name]();
        },
        [what, value] as const,
      ),
    live: () =>
      page.evaluate(() => {
        const { audio, playback } = (globalThis as Scope).listener;
        const live = playback.live();
        return {
          ...{ from: live?.from() ?? Number.NaN, edge: live?.edge() ?? Number.NaN },
          ...{ isAtEdge: live?.isAtEdge() ?? false, rate: audio.playbackRate, duration: String(playback.duration()) },
        };
      }),
    titles: () =>
      page.evaluate(() =>
        (globalThis as Scope).listener.events.flatMap(({ type, detail }) =>
          type === 'metadata' ? ((detail as { title?: string }).title ?? []) : [],
        ),
      ),
    ranges: () =>
      page.evaluate(() => {
        const { buffered } = (globalThis as Scope).listener.audio;
        return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
      }),
    [Symbol.asyncDispose]: () => tab[Symbol.asyncDispose](),
  };
}

/** Ends the recording and sends it to the origin. */
export const post = (page: Page): Promise<void> => page.evaluate(() => (globalThis as Scope).listener.post());
