import { InvalidArgumentError, type Command } from 'commander';
import { BatonError } from '../errors.ts';
import { dataFolderAt } from '../local/data-folder.ts';
import { signingKeys } from '../local/signing-keys.ts';
import { parseDuration } from '../local/time-text.ts';
import { channelLinks } from '../relay/ingest-links.ts';
import { MAX_PUBLISHER_LIFE, publisherToken } from '../sign/publisher-token.ts';
import { DATA_OPTION, KEYS_SECRET_OPTION, originText, settings } from './settings.ts';
import { columns, print, say, styled } from './terminal.ts';

const EXAMPLES = `
Examples:
  baton ingest my-radio
  baton ingest my-radio --expires 90d --origin https://radio.example
  baton ingest my-radio --origin https://d1234567890.cloudfront.net --websocket wss://... --keys-secret arn:...
  TOKEN=$(baton ingest my-radio)
  ffmpeg -re -i show.flac -c:a libmp3lame -b:a 128k -content_type audio/mpeg -f mp3 \\
    icecast://source:$TOKEN@localhost:8080/ingest/my-radio

The token goes to stdout, everything else to stderr. Whoever has it is on air on this channel, and on no other, and takes
over from whoever was before. It is revoked with its key (\`baton keys\`). The protocol is in docs/ingest.md.`;

interface IngestOptions {
  readonly expires: string;
  readonly data?: string;
  readonly keysSecret?: string;
  readonly origin?: string;
  readonly websocket?: string;
}

/** `baton ingest`. */
export function addIngest(program: Command): void {
  program
    .command('ingest')
    .description('print a token to go live with, and where the channel is heard')
    .argument('<channel>', 'name of the channel: 1 to 64 characters of a-z, 0-9 and -')
    .option('--expires <duration>', 'how long one can go live with it: 30m, 12h, at most 366d', '12h')
    .option('--origin <origin>', 'server of the channel (default: the one that runs on the data folder)', originText)
    .option(
      '--websocket <address>',
      'where publishers connect to, if not there: on AWS, IngestUrl of the stack',
      socketText,
    )
    .option(...DATA_OPTION)
    .option(...KEYS_SECRET_OPTION)
    .addHelpText('after', EXAMPLES)
    .action(ingest);
}

async function ingest(channel: string, options: IngestOptions): Promise<void> {
  const life = parseDuration(options.expires);
  if (life < 1 || life > MAX_PUBLISHER_LIFE)
    throw new BatonError('OPTIONS_INVALID', '--expires must be between 1s and 366d');
  const config = settings(options);
  const keys = await signingKeys(config);
  const now = Math.floor(Date.now() / 1000);
  const token = publisherToken({ channel, expiresAt: now + life }, keys, now);
  const server = await dataFolderAt(config.dataFolder).readServer();
  const origin = options.origin ?? config.publicOrigin ?? server?.origin ?? `http://${config.host}:${config.port}`;
  const { audio, stream, embed } = channelLinks(channel, false, keys, { publicOrigin: origin });
  print(token);
  say(
    columns([
      ['Listen', audio],
      ['Player', stream],
      ['Page', embed],
      ...(options.websocket === undefined ? [studioSoftware(origin, channel)] : []), // API Gateway knows none
      ['WebSocket', options.websocket ?? `${origin.replace(/^http/, 'ws')}/ingest`],
    ]),
  );
  if (server === null && options.origin === undefined)
    say(`${styled('yellow', 'Note:')} no server runs on this data folder. Start one with \`baton serve\`.`);
}

const studioSoftware = (origin: string, channel: string): [string, string] => [
  'Studio software',
  `${new URL(origin).host}, mount /ingest/${channel}, user source, password: the token`,
];

function socketText(text: string): string {
  if (/^wss?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new InvalidArgumentError(
    'It must be an address such as wss://a1b2c3.execute-api.eu-central-1.amazonaws.com/prod.',
  );
}
