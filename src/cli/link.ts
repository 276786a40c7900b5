import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { BatonError, hasCode } from '../errors.ts';
import { MP3_KBPS } from '../grid/rendition.ts';
import { dataFolderAt, type ServerRecord } from '../local/data-folder.ts';
import { newLink, type LinkAsk } from '../local/new-link.ts';
import { parseDuration } from '../local/time-text.ts';
import { MAX_LIFE } from '../sign/link.ts';
import type { Seconds } from '../units.ts';
import { DATA_OPTION, KEYS_SECRET_OPTION, originText, settings } from './settings.ts';
import { signingKeys } from './signing-keys.ts';
import { print, say, styled } from './terminal.ts';

const EXAMPLES = `
Examples:
  baton link https://example.com/episode.mp3 --bitrate 96k
  baton link https://example.com/talk.m4a --bitrate 64k --channels mono --start 1:30 --end 45:00
  baton link https://example.com/episode.mp3 --codec copy
  baton link https://example.com/members.mp3 --encrypt --expires 6h --origin https://radio.example
  baton link s3://my-bucket/episode.mp3 --origin https://d111.cloudfront.net --keys-secret baton-prod-keys
  curl -O "$(baton link https://example.com/episode.mp3 --bitrate 128k --name 'My episode')"`;

interface LinkOptions {
  readonly codec: string;
  readonly bitrate?: string;
  readonly channels?: string;
  readonly start?: string;
  readonly end?: string;
  readonly name?: string;
  readonly embed?: true;
  readonly encrypt?: true;
  readonly data?: string;
  readonly keysSecret?: string;
  readonly origin?: string;
  readonly expires?: string;
  readonly scope?: string;
}

const DEFAULT_BITRATE = '128k';

/** `baton link`. */
export function addLink(program: Command): void {
  program
    .command('link')
    .description('print a signed link that plays a source in another format')
    .argument('<url>', 'http, https or s3 address of the audio or video file')
    .option('--codec <codec>', 'mp3, or copy for the frames of the source as they are', 'mp3')
    .option('--bitrate <rate>', `constant: ${MP3_KBPS.join('k, ')}k (default: ${DEFAULT_BITRATE})`)
    .option('--channels <layout>', 'mono or stereo (default: as the source)')
    .option('--start <time>', 'where to begin: 1500ms, 90s or 1:30, in steps of 10 ms')
    .option('--end <time>', 'where to end, likewise')
    .option('--name <title>', 'title in the address (default: the file name of the source)')
    .option('--embed', 'link to a page with the player, for an iframe')
    .option('--encrypt', 'hide the address of the source in the link')
    .option('--expires <duration>', 'make it private: valid for 30m, 6h, at most 7d (default: public, for ever)')
    .option('--scope <id>', 'listener or session a private link is for')
    .option('--origin <origin>', 'server that plays it (default: the one that runs on the data folder)', originText)
    .option(...DATA_OPTION)
    .option(...KEYS_SECRET_OPTION)
    .addHelpText('after', EXAMPLES)
    .action(link);
}

async function link(url: string, options: LinkOptions): Promise<void> {
  const config = settings(options);
  const ask = linkAsk(url, options, Math.floor(Date.now() / 1000));
  const { file, embed } = newLink(ask, await signingKeys(config));
  const server = await dataFolderAt(config.dataFolder).readServer();
  print(`${options.origin ?? originOf(server, config)}${options.embed === true ? embed : file}`);
  if (options.origin === undefined) await remark(url, server, config);
}

function linkAsk(url: string, options: LinkOptions, now: Seconds): LinkAsk {
  const { codec, channels, start, end, name, encrypt = false } = options;
  const bitrate = options.bitrate ?? (codec === 'mp3' ? DEFAULT_BITRATE : undefined);
  const access = privateAccess(options, now);
  return { url, rendition: { codec, bitrate, channels, start, end }, name, encryptSource: encrypt, access };
}

function privateAccess({ expires, scope = 'cli' }: LinkOptions, now: Seconds): LinkAsk['access'] {
  if (expires === undefined && scope !== 'cli') throw invalid('--scope is for private links: give --expires, too');
  if (expires === undefined) return undefined;
  const life = parseDuration(expires);
  if (life < 1 || life > MAX_LIFE) throw invalid('--expires must be between 1s and 7d');
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(scope)) throw invalid('--scope has 1 to 64 characters of A-Z, a-z, 0-9, _ and -');
  return { expiresAt: now + life, scope, now };
}

const originOf = (server: ServerRecord | null, { host, port }: Config): string =>
  server?.origin ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Why the link might not play. */
async function remark(
  url: string,
  server: ServerRecord | null,
  { allowOrigins, sourceBuckets }: Config,
): Promise<void> {
  const note = (text: string): void => say(`${styled('yellow', 'Note:')} ${text}`);
  if (server === null) note('no server runs on this data folder. Start one with `baton serve`, or give its --origin.');
  const source = new URL(url);
  if (source.protocol === 's3:') {
    const isOpen = sourceBuckets.some(({ bucket }) => bucket === source.hostname);
    if (!isOpen) note(`a server plays it only with BATON_SOURCE_BUCKETS=${source.hostname}`);
    return;
  }
  const { checkUrl } = await import('../net/guard.ts'); // takes as long to load as all the rest
  try {
    checkUrl(source, { allowOrigins: server?.allowOrigins ?? allowOrigins });
  } catch (thrown) {
    if (!hasCode(thrown, 'SOURCE_REFUSED')) throw thrown;
    note(`this address is not public: a server plays it only with BATON_ALLOW_ORIGINS=${source.origin}`);
  }
}

const invalid = (detail: string): BatonError => new BatonError('OPTIONS_INVALID', detail);
