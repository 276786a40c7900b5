import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong in a page. */
export async function axe(shown: Page, element = 'baton-player'): Promise<string[]> {
  if (!(await shown.evaluate(() => 'axe' in window))) await shown.evaluate(AXE);
  const results = await shown.evaluate(async (name) => {
    const { axe: runner } = window as unknown as { axe: { run(context: unknown): Promise<AxeResults> } };
    return runner.run({ include: [name] });
  }, element);
  const opened = await shown.locator(element).count();
  expect(results.passes.length).toBeGreaterThan(opened);
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}
