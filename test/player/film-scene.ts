import type { Browser } from 'playwright-core';
import { startBaton } from '../support/baton.ts';
import { openPage } from '../support/browser.ts';
import type { Origin } from '../support/origin.ts';
import { cuttable } from './cuttable.ts';
import { hlsOrigin } from './hls-origin.ts';
import { playerFiles } from './player-page.ts';

/** A page that plays the film of a Baton whose legs last so long, and what can be cut on the way. */
export async function filmScene(browser: Browser, origin: Origin, legMs: number) {
  const baton = await startBaton({ allowOrigins: [origin.origin], config: { legMs } });
  const proxy = await cuttable(baton.origin);
  const link = baton.file(origin.url('/film.mp4'), 'codec.aac~bitrate.64k~video.480p', { name: 'film.mp4' });
  const { scripts } = await playerFiles();
  const body = `<script type="module" src="/player/baton-player.js"></script>
    <baton-player preload="none" src="${proxy.origin + link.slice(baton.origin.length)}"></baton-player>`;
  const pages = await hlsOrigin({ ...scripts, '/page': `<!doctype html><meta charset="utf-8">${body}` });
  const tab = await openPage(browser, `${pages.origin}/page`);
  return {
    ...{ page: tab.page, errors: tab.errors, proxy },
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]();
      await Promise.all([pages[Symbol.asyncDispose](), proxy[Symbol.asyncDispose](), baton.stop()]);
    },
  };
}
