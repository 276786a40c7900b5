import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { BatonError, hasCode } from '../errors.ts';
import { AAC_KBPS, MP3_KBPS, OPUS_KBPS } from '../grid/codecs.ts';
import { dataFolderAt, type ServerRecord } from '../local/data-folder.ts';
import {
  newFeedLink,
  newHlsLink,
  newLink,
  newLiveLink,
  newPageLink,
  newRawLink,
  newRelayLink,
  type LinkAsk,
} from '../local/new-link.ts';
import { parseDuration } from '../local/time-text.ts';
import { isShowAddress } from '../show-address.ts';
import type { Keys } from '../sign/keys.ts';
import { MAX_LIFE } from '../sign/link.ts';
import type { Kbps, Seconds } from '../units.ts';
import { DATA_OPTION, KEYS_SECRET_OPTION, originText, settings } from './settings.ts';
import { signingKeys } from '../local/signing-keys.ts';
import { print, say, styled } from './terminal.ts';

const EXAMPLES = `
Examples:
  baton link https://example.com/episode.mp3 --bitrate 96k
  baton link https://example.com/talk.m4a --bitrate 64k --channels mono --start 1:30 --end 45:00
  baton link https://example.com/episode.flac --codec opus --bitrate 64k
  baton link https://example.com/episode.mp3 --codec copy
  baton link https://example.com/podcast.xml --feed --bitrate 96k
  baton link https://example.com/podcast.xml --feed --embed --frames example.com,.example.org
  baton link https://example.com/members.mp3 --encrypt --expires 6h --origin https://radio.example
  baton link https://radio.example.com/stream --live --stream --bitrate 96k
  baton link https://radio.example.com/stream --live --embed --fallback https://radio.example.com/backup
  baton link https://example.com/episode.mp3 --hls
  baton link https://radio.example.com/stream --live --hls --dvr --bitrate 96k
  baton link https://example.com/podcast.xml --feed --hls --station https://radio.example.com/stream
  baton link https://example.com/film/main.m3u8 --relay --max-height 480
  baton link https://example.com/slides.pdf --raw --download
  baton link ingest://my-radio --live --stream --fallback https://radio.example.com/backup
  baton link s3://my-bucket/episode.mp3 --origin https://d111.cloudfront.net --keys-secret baton-prod-keys
  curl -O "$(baton link https://example.com/episode.mp3 --bitrate 128k --name 'My episode')"`;

interface LinkOptions {
  readonly codec: string;
  readonly bitrate?: string;
  readonly video?: string;
  readonly channels?: string;
  readonly start?: string;
  readonly end?: string;
  readonly name?: string;
  readonly stream?: true;
  readonly embed?: true;
  readonly frames?: string;
  readonly theme?: string;
  readonly feed?: true;
  readonly live?: true;
  readonly fallback?: string;
  readonly alternates?: string;
  readonly hls?: true;
  readonly dvr?: true;
  readonly station?: string;
  readonly relay?: true;
  readonly maxHeight?: string;
  readonly maxBitrate?: string;
  readonly audioOnly?: true;
  readonly raw?: true;
  readonly download?: true;
  readonly redirect?: true;
  readonly encrypt?: true;
  readonly data?: string;
  readonly keysSecret?: string;
  readonly origin?: string;
  readonly expires?: string;
  readonly scope?: string;
}

const DEFAULT_BITRATE = '128k';
const WITHOUT_BITRATE = ['pcm', 'copy'];

const CODECS =
  'mp3, opus, pcm (WAV), aac (a stream for players), auto (Opus for clients that play it, else MP3), or copy for the frames of an MP3 as they are';
const range = (rates: readonly Kbps[]): string => `${rates[0] ?? 0}k to ${rates.at(-1) ?? 0}k`;
const BITRATES = `mp3: ${range(MP3_KBPS)}, opus: ${range(OPUS_KBPS)}, aac: ${range(AAC_KBPS)}, in the usual steps (default: ${DEFAULT_BITRATE})`;

/** `baton link`. */
export function addLink(program: Command): void {
  program
    .command('link')
    .description('print a signed link that plays a source in another format')
    .argument(
      '<url>',
      'http, https or s3 address of the audio or video file; ingest://channel for what is published here',
    )
    .option('--codec <codec>', CODECS, 'mp3')
    .option('--bitrate <rate>', BITRATES)
    .option('--channels <layout>', 'mono or stereo (default: as the source)')
    .option('--start <time>', 'where to begin: 1500ms, 90s or 1:30, in steps of 10 ms')
    .option('--end <time>', 'where to end, likewise')
    .option('--name <title>', 'title in the address (default: the file name of the source)')
    .option('--stream', 'link to the stream of fragments that the player prefers to a file')
    .option(
      '--video <lines>',
      'with --stream: with the pictures of a film or of a channel, of at most 240p, 360p, 480p, 720p or 1080p; with --live --hls: of a channel; with --embed: of a film',
    )
    .option('--embed', 'link to a page with the player, for an iframe; with --feed it plays all episodes')
    .option('--frames <hosts>', 'with --embed: whose pages may show it: self, none, or example.com,.example.org')
    .option('--theme <theme>', 'with --embed: dark or light (default: as the listener has it)')
    .option('--feed', 'the address is a podcast feed: link to the same feed with these renditions of its episodes')
    .option(
      '--alternates <which>',
      'with --feed: renditions to save data that are offered besides: all, opus, mp3, none',
    )
    .option('--live', 'the address is a radio station: link to its channel, as frames without end, --stream or --embed')
    .option('--fallback <url>', 'with --live: another station, heard while that one is away')
    .option(
      '--hls',
      'link to an HLS playlist, in aac (or --codec opus) of 64k, 96k, 128k and 192k, or of --bitrate; with --live of a channel; with --feed each episode is offered as HLS besides',
    )
    .option('--dvr', 'with --live and --hls: listeners can go back as far as the channel is kept')
    .option('--station <url>', 'with --feed: a radio station that the feed lists as live, by HLS')
    .option('--relay', 'the address is an HLS playlist: link to a relay of it, with all that it leads to')
    .option('--max-height <pixels>', 'with --relay: leave larger pictures out, such as those above 480')
    .option('--max-bitrate <rate>', 'with --relay: leave variants out that need more, such as 1500k')
    .option('--audio-only', 'with --relay: leave the pictures out')
    .option('--raw', 'link to the file as it is, of whatever kind: a document, an archive, a film')
    .option('--download', 'with --raw: browsers save it, also what they could show')
    .option('--redirect', 'with --raw: who asks a function for more than it may send is sent to the source')
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
  const keys = await signingKeys(config);
  const path = pathOf(ask, options, keys);
  const server = await dataFolderAt(config.dataFolder).readServer();
  print(`${options.origin ?? originOf(server, config)}${path}`);
  if (options.origin === undefined) await remark(url, server, config);
}

function pathOf(ask: LinkAsk, options: LinkOptions, keys: Keys): string {
  const { stream, embed, feed, live, fallback, alternates, hls, dvr, station, raw, download, redirect } = options;
  if (raw === true && (feed === true || embed === true)) throw invalid('give --raw alone, without --feed and --embed');
  if (raw !== true && (download === true || redirect === true))
    throw invalid('--download and --redirect go with --raw');
  if (embed !== true && (options.frames ?? options.theme) !== undefined)
    throw invalid('--frames and --theme go with --embed');
  if (alternates !== undefined && (feed !== true || embed === true)) throw invalid('--alternates goes with --feed');
  if (live === true && (feed ?? raw) === true) throw invalid('give --live without --feed and --raw');
  if (fallback !== undefined && live !== true) throw invalid('--fallback goes with --live');
  if (stream === true && (raw ?? embed ?? feed) === true) throw invalid('give --stream alone');
  const isShown = stream === true || (live === true && hls === true) || (embed === true && (live ?? feed) !== true);
  if (options.video !== undefined && !isShown)
    throw invalid(
      '--video goes with --stream, with --live --hls, or with --embed of a film; HLS of a film has pictures by itself',
    );
  if (hls === true && (stream ?? embed ?? raw) === true)
    throw invalid('give --hls without --stream, --embed and --raw');
  if (dvr === true && !(live === true && hls === true)) throw invalid('--dvr goes with --live and --hls');
  if (station !== undefined && (feed !== true || embed === true)) throw invalid('--station goes with --feed');
  if (options.relay === true) return relayPath(ask, options, keys);
  if ((options.maxHeight ?? options.maxBitrate ?? options.audioOnly) !== undefined)
    throw invalid('--max-height, --max-bitrate and --audio-only go with --relay');
  if (raw === true) {
    const disposition = download === true ? 'attachment' : null;
    return newRawLink(ask, { disposition, mayRedirect: redirect === true, readsOnce: false }, keys);
  }
  if (hls === true && feed !== true) return hlsPath(ask, options, keys);
  if (live === true) return livePath(ask, options, keys);
  if (embed === true) return newPageLink(ask, pageOptions(options), keys);
  if (feed === true) return newFeedLink(ask, keys, { alternates, hls: hls === true, station });
  const made = newLink(ask, keys);
  if (stream !== true) return made.file;
  if (made.framed === null) throw invalid(`there is no stream of codec ${options.codec}`);
  return made.framed;
}

function hlsPath(ask: LinkAsk, { bitrate, live, fallback, dvr }: LinkOptions, keys: Keys): string {
  const channel = live === true ? { fallback: fallback ?? null, hasDvr: dvr === true } : null;
  return newHlsLink({ ...ask, rendition: { ...ask.rendition, bitrate } }, channel, keys);
}

function relayPath(ask: LinkAsk, options: LinkOptions, keys: Keys): string {
  const { stream, embed, feed, live, raw, maxHeight, maxBitrate, audioOnly = false } = options;
  if ((stream ?? embed ?? feed ?? live ?? raw) === true) throw invalid('give --relay alone');
  if (maxHeight !== undefined && !/^[1-9]\d{1,4}$/.test(maxHeight)) throw invalid('--max-height is a number of pixels');
  if (maxBitrate !== undefined && !/^[1-9]\d{0,5}k$/.test(maxBitrate)) throw invalid('--max-bitrate is like 1500k');
  const height = maxHeight === undefined ? null : Number(maxHeight);
  const bitrate = maxBitrate === undefined ? null : Number(maxBitrate.slice(0, -1)) * 1000;
  return newRelayLink(ask, { maxHeight: height, maxBitrate: bitrate, audioOnly }, keys);
}

function livePath(ask: LinkAsk, options: LinkOptions, keys: Keys): string {
  const { endless, framed, embed } = newLiveLink(ask, options.fallback ?? null, pageOptions(options), keys);
  if (options.embed === true) return embed;
  if (options.stream === true) return framed;
  if (endless === null) throw invalid(`there are no frames without end of codec ${options.codec}: give --stream`);
  return endless;
}

function pageOptions({ frames, theme, feed, video }: LinkOptions): Parameters<typeof newPageLink>[1] {
  if (theme !== undefined && theme !== 'dark' && theme !== 'light') throw invalid('--theme is dark or light');
  const hosts = frames === 'self' || frames === 'none' ? frames : (frames?.split(',') ?? null);
  if (video !== undefined && !/^[1-9]\d{0,3}p$/.test(video)) throw invalid('--video is a number of lines such as 480p');
  const lines = video === undefined ? null : parseInt(video, 10);
  return { frames: hosts, kind: feed === true ? 'feed' : 'file', theme: theme ?? null, lines };
}

function linkAsk(url: string, options: LinkOptions, now: Seconds): LinkAsk {
  const { codec, channels, start, end, name, video, encrypt = false } = options;
  const bitrate = options.bitrate ?? (WITHOUT_BITRATE.includes(codec) ? undefined : DEFAULT_BITRATE);
  const access = privateAccess(options, now);
  const sound = codec === 'auto' ? { format: codec } : { codec };
  return { url, rendition: { ...sound, bitrate, channels, start, end }, name, video, encryptSource: encrypt, access };
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
  if (isShowAddress(url)) return;
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
