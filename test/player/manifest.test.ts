import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClassDeclaration, CustomElement, Package } from 'custom-elements-manifest/schema.d.ts';
import type { Browser } from 'playwright-core';
import { BatonPlayer } from '../../player/element.ts';
import { MEDIA_EVENTS } from '../../player/core/media-events.ts';
import { TOLD_EVENTS } from '../../player/frame-api.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { playerOrigin } from './player-page.ts';

const root = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'player/custom-elements.json'), 'utf8');
const manifest = JSON.parse(text) as Package;
const element = manifest.modules[0]?.declarations?.[0] as ClassDeclaration & CustomElement;
const sources = readdirSync(join(root, 'player/element')).map((name) =>
  readFileSync(join(root, 'player/element', name), 'utf8'),
);
const code = sources.join('\n');

const names = (list: readonly { readonly name?: string }[] = []): string[] => list.map(({ name = '' }) => name).sort();
const unique = (list: Iterable<string>): string[] => [...new Set(list)].sort();

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('the manifest is one of schema 2, as its own types have it', () => {
  expect(manifest.schemaVersion).toMatch(/^2\./);
  const file = join(root, 'test/player/manifest-check.ts');
  const checked = `import type { Package } from 'custom-elements-manifest/schema.d.ts';\nexport const manifest: Package = ${text};`;
  expect(complaints(file, checked)).toEqual([]);
  expect(complaints(file, checked.replace('"kind": "class"', '"kind": "klass"'))).not.toEqual([]);
}, 30_000);

test('it names every attribute, event and variable of the element, and no others', () => {
  const read = [...code.matchAll(/(?:[gs]et|has|toggle|remove)Attribute\('([a-z-]+)'/g)].map(([, name = '']) => name);
  const elsewhere = (name: string): boolean => /^(aria-|dir$|hidden$|class$|href$)/.test(name);
  const described = ['title', 'artist', 'album', 'artwork'];
  const written = unique([...read.filter((name) => !elsewhere(name)), ...BatonPlayer.observedAttributes, ...described]);
  expect(names(element.attributes)).toEqual(unique([...written, 'theme']));
  const own = names(element.events).filter((name) => !MEDIA_EVENTS.includes(name));
  expect(own).toEqual(unique(TOLD_EVENTS.filter((name) => !MEDIA_EVENTS.includes(name))));
  expect(names(element.events)).toEqual(unique([...MEDIA_EVENTS, ...own]));
  const variables = [...code.matchAll(/var\((--baton-[a-z-]+)/g)].map(([, name = '']) => name);
  expect(names(element.cssProperties)).toEqual(unique(variables));
});

test('it names every property, method and part', async () => {
  const body = '<baton-player stats src="/a.mp3" chapters="/chapters.json"></baton-player>';
  await using origin = await playerOrigin(body);
  await using tab = await openPage(browser, `${origin.origin}/page`);
  const { page } = tab;
  await page.getByRole('button', { name: 'Chapters' }).click();
  await page.getByRole('button', { name: /Hello/ }).waitFor();
  const listed = await page.evaluate(() =>
    [...(document.querySelector('baton-player')?.shadowRoot?.querySelectorAll('[part]') ?? [])].flatMap((piece) => [
      ...piece.part,
    ]),
  );
  await page.getByRole('button', { name: 'Statistics' }).click();
  await page.getByText('Estimated cost').waitFor();
  const { members, parts } = await page.evaluate(() => {
    const player = document.querySelector('baton-player');
    const found: string[] = [];
    let level: unknown = player === null ? null : Object.getPrototypeOf(player);
    for (; level !== HTMLElement.prototype; level = Object.getPrototypeOf(level))
      found.push(...Object.getOwnPropertyNames(level));
    return {
      members: found,
      parts: [...(player?.shadowRoot?.querySelectorAll('[part]') ?? [])].flatMap((piece) => [...piece.part]),
    };
  });
  const internal = /^(constructor|(connected|disconnected|attributeChanged)Callback)$/;
  expect(names(element.members)).toEqual(unique(members.filter((name) => !internal.test(name))));
  expect(names(element.cssParts)).toEqual(unique([...listed, ...parts, ...LATER]));
});

test('importing the element does nothing, also where there is no document', async () => {
  expect('customElements' in globalThis).toBe(false);
  const { defineBatonPlayer } = await import('../../player/element.ts');
  expect(() => defineBatonPlayer()).not.toThrow();
  await expect(import('../../player/baton-player.ts')).resolves.toBeDefined();
});

/** Parts of what is not in the page of the test: a channel, a sleep timer, a playlist, a picture (picture.test.ts). */
const LATER = ['legs', 'live', 'left', 'previous', 'next', 'surface', 'quality', 'captions', 'inset', 'fullscreen'];

/** What TypeScript has against a file of this text. */
function complaints(file: string, content: string): string[] {
  const options = {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    types: [],
    allowImportingTsExtensions: true,
  };
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, content, ts.ScriptTarget.ESNext) : getSourceFile(name, ...rest);
  host.fileExists = (name) => name === file || fileExists(name);
  const program = ts.createProgram([file], options, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
