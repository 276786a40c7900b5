import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { LAUNCH } from './browser.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser is reached that all tests of a project share. */
    readonly browserEndpoint?: string;
  }
}

/** One browser for all tests of a project: one that starts takes the processors away from those that play. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await chromium.launchServer(LAUNCH);
  provide('browserEndpoint', server.wsEndpoint());
  return () => server.close();
}
