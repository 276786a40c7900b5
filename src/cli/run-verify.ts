import { randomInt } from 'node:crypto';
import { BatonError, hasCode } from '../errors.ts';
import { parseRendition } from '../grid/rendition.ts';
import { dataFolderAt } from '../local/data-folder.ts';
import type { Keys } from '../sign/keys.ts';
import { privateLink, publicLink, readLink } from '../sign/link.ts';
import type { Sign } from '../verify/site.ts';
import { verify, type Result, type VerifyOptions } from '../verify/verify.ts';
import { Unwell } from './failure.ts';
import { withProgress } from './progress.ts';
import { settings, type Settings } from './settings.ts';
import { signingKeys } from '../local/signing-keys.ts';
import { print, styled } from './terminal.ts';

export interface VerifyCommandOptions extends Settings {
  readonly source?: string;
  readonly options?: string;
  readonly maxMb?: number;
  readonly timeout?: number;
  readonly json?: true;
}

/** Checks the deployment at `address` and prints what was seen; throws Unwell when something failed. */
export async function runVerify(address: string, options: VerifyCommandOptions): Promise<void> {
  const { maxMb, timeout } = options;
  const target = targetOf(address, options, await keysIn(options));
  const results = await withProgress('Verifying', (report) =>
    verify({
      ...target,
      ...(maxMb === undefined ? {} : { limits: { maxBytes: Math.ceil(maxMb * 1e6) } }),
      ...(timeout === undefined ? {} : { waitMs: timeout * 1000 }),
      onCheck: (_title, done) => report(done),
    }),
  );
  const ok = results.every(({ result }) => result !== 'fail');
  if (options.json === true) print(JSON.stringify({ ok, url: target.url, results }, null, 2));
  else print(tableOf(target.url, results));
  if (!ok) throw new Unwell('verify found something wrong');
}

type Target = Pick<VerifyOptions, 'url' | 'sign' | 'source'>;

function targetOf(address: string, { source, options }: VerifyCommandOptions, keys: Keys | null): Target {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid(`"${address}" is no http or https address`);
  const sign = keys === null ? null : signer(keys);
  if (url.pathname !== '/') {
    const own = keys === null ? null : sourceOf(url.pathname, keys);
    // Keys that do not vouch for this link belong to another deployment.
    return { url: address, sign: own === null ? null : sign, source: own };
  }
  if (source === undefined) throw invalid('give a whole link, or --source with a URL that the deployment can read');
  if (sign === null)
    throw invalid(
      'links are signed with the keys of the deployment: give its data folder with --data, or --keys-secret',
    );
  if (options !== undefined) parseRendition(options);
  // A start that nobody has used yet: nothing of it is stored, so what is measured is the making.
  const rendition = options ?? `codec.mp3~bitrate.128k~start.${randomInt(1, 100) * 10}ms`;
  return { url: url.origin + sign({ kind: 'file', options: rendition, source, name: 'verify.mp3' }), sign, source };
}

const signer =
  (keys: Keys): Sign =>
  (content, access) =>
    access === undefined
      ? publicLink(content, keys)
      : privateLink(content, access, keys, Math.floor(Date.now() / 1000));

function sourceOf(path: string, keys: Keys): string | null {
  try {
    return readLink(path, keys, Date.now() / 1000).source;
  } catch (thrown) {
    if (hasCode(thrown, 'LINK_INVALID', 'LINK_EXPIRED', 'SOURCE_URL_INVALID')) return null;
    throw thrown;
  }
}

async function keysIn(options: VerifyCommandOptions): Promise<Keys | null> {
  const config = settings(options);
  try {
    return config.keys === null && config.keysSecret === null
      ? await dataFolderAt(config.dataFolder).readKeys()
      : await signingKeys(config);
  } catch (thrown) {
    const isAsked = options.data !== undefined || config.keys !== null || config.keysSecret !== null;
    if (!isAsked && hasCode(thrown, 'CONFIG_INVALID')) return null;
    throw thrown;
  }
}

const COLOURS = { ok: 'green', note: 'yellow', 'n.a.': 'dim', fail: 'red' } as const;
const WORDS = { ok: 'ok', note: 'note', 'n.a.': 'n.a.', fail: 'FAIL' } as const;

function tableOf(url: string, results: readonly Result[]): string {
  const width = Math.max(...results.map(({ title }) => title.length));
  const indent = ' '.repeat(width + 8);
  const explained = new Set<string>();
  const rows = results.map((one) => {
    const word = styled(COLOURS[one.result], WORDS[one.result].padEnd(4), process.stdout);
    const row = `${word}  ${one.title.padEnd(width)}  ${one.seen}`;
    if (one.result !== 'fail') return row;
    const means = explained.has(one.means) ? 'As above.' : one.means;
    explained.add(one.means);
    return `${row}\n${indent}${means}`;
  });
  const failed = results.filter(({ result }) => result === 'fail').length;
  const closing = failed === 0 ? 'Nothing failed.' : `${failed} of ${results.length} checks failed.`;
  return [url, '', ...rows, '', closing].join('\n');
}

const invalid = (detail: string): BatonError => new BatonError('OPTIONS_INVALID', detail);
