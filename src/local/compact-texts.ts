import { pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import type { Plugin } from 'esbuild';

/** The modules whose exports are a style sheet or HTML. */
const TEXTS = /[\\/](?:element|studio)[\\/](?:style(?:-\w+)?|template)\.ts$/;

/** Takes out of the player's style and HTML, which are strings to a bundler, what only people need. */
export const compactTexts: Plugin = {
  name: 'compact-texts',
  setup(build) {
    build.onLoad({ filter: TEXTS }, async ({ path }) => {
      const texts = (await import(pathToFileURL(path).href)) as Readonly<Record<string, string>>;
      const lines = Object.entries(texts).map(async ([name, text]) => {
        const compact = text.startsWith('\n<') ? html(text) : await css(text);
        return `export const ${name} = ${JSON.stringify(compact)};`;
      });
      return { contents: (await Promise.all(lines)).join('\n'), loader: 'js' };
    });
  },
};

/** Attributes need no quotes around what is one plain word (HTML 13.1.2.3). */
const html = (text: string): string =>
  text
    .replace(/\s*\n\s*/g, '')
    .replace(/ ?="([\w.-]+) ?"/g, '=$1')
    .replace(/ >/g, '>');

/** The values of variables are left as they are by the minifier. */
const css = async (text: string): Promise<string> =>
  (await transform(text, { loader: 'css', minify: true })).code.trimEnd().replace(/([,:]) | (?=\/ )|(?<= \/) /g, '$1');
