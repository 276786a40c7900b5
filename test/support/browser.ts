import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { inject } from 'vitest';

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

export const LAUNCH = { executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ARGS };

/**
 * The system's Chromium; `CHROMIUM` names another binary. The one that the tests of a project share, or, with `more`
 * arguments, one of its own. The caller closes it.
 */
export function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  const shared = inject('browserEndpoint');
  if (shared !== undefined && more.length === 0) return chromium.connect(shared);
  return chromium.launch({ ...LAUNCH, args: [...ARGS, ...more] });
}

/** A page of its own at `url`, and the errors that its scripts threw. `await using` closes it. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<AsyncDisposable & { readonly page: Page; readonly errors: readonly string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  return { page, errors, [Symbol.asyncDispose]: () => context.close() };
}
