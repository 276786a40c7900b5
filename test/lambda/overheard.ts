import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { LogLine } from '../../src/local-lambda/runtime/log-line.ts';

/** What a function got of a request. */
export interface Overheard {
  readonly rawPath: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The package as it is deployed, but that its functions print each event before they answer. */
export async function overheardPackage(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-overheard-'));
  await cp(join(inject('distFolder'), 'lambda'), folder, { recursive: true });
  for (const name of ['file', 'embed']) {
    await rename(join(folder, `${name}.mjs`), join(folder, `${name}-itself.mjs`));
    await writeFile(join(folder, `${name}.mjs`), wrapper(name));
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

const wrapper = (name: string): string => `
  import * as itself from './${name}-itself.mjs';
  const print = (event) => process.stdout.write('EVENT ' + JSON.stringify(event) + '\\n');
  export const handler = awslambda.streamifyResponse((event, out, context) => {
    print(event);
    return itself.handler(event, out, context);
  });
  export const buffered = (event, context) => {
    print(event);
    return itself.buffered(event, context);
  };`;

/** The events that functions printed, in order. */
export const overheard = (lines: readonly LogLine[]): Overheard[] =>
  lines.flatMap(({ text }) => (text.startsWith('EVENT ') ? [JSON.parse(text.slice(6)) as Overheard] : []));
