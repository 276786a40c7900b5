import { BatonError, type FailureCode } from '../errors.ts';
import type { Bytes, Seconds } from '../units.ts';
import { readFormat, type IngestFormat } from './format.ts';

/** The version of the protocol that `docs/ingest.md` describes. */
export const PROTOCOL = 1;
/** Of any message, either way: what API Gateway carries in one frame. */
export const MOST_MESSAGE: Bytes = 32_768;
/** Of the payload of a data message: as a binary message, and in base64. */
export const MOST_PAYLOAD: Bytes = 32_000;
export const MOST_TEXT_PAYLOAD: Bytes = 24_000;

/** What a publisher says. */
export type PublisherMessage = Hello | Data | Title | End | { readonly type: 'ping' };

export interface Hello {
  readonly type: 'hello';
  readonly token: string;
  readonly channel: string;
  readonly show: string;
  readonly format: IngestFormat;
  /** The lowest number that it can still send. */
  readonly from: number;
  /** Of the station; empty: none. */
  readonly name: string;
}

/** Numbers count from 0 up, over all connections of a show. */
export interface Data {
  readonly type: 'data';
  readonly number: number;
  readonly payload: Uint8Array;
}

export interface Title {
  readonly type: 'title';
  readonly title: string;
  /** Empty: not said. */
  readonly artist: string;
}

/** Nothing follows message `next - 1`. */
export interface End {
  readonly type: 'end';
  readonly next: number;
}

/** What a server says. */
export type ServerMessage = Welcome | Ack | State | Refusal;

export interface Welcome {
  readonly type: 'welcome';
  readonly version: typeof PROTOCOL;
  readonly channel: string;
  readonly show: string;
  /** The number of the message to go on with. */
  readonly next: number;
  /** Whether the show had begun before. */
  readonly resumed: boolean;
  /** Messages of the show that neither side has. */
  readonly lost: number;
  /** Whether data may come in binary messages; else only as text. */
  readonly binary: boolean;
  readonly maxPayloadBytes: Bytes;
  readonly maxBytesPerSecond: Bytes;
  readonly maxUnacknowledgedBytes: Bytes;
  /** Where the channel is heard; null where it cannot be told. */
  readonly links: Links | null;
}

/** Paths, or whole addresses where the server knows its own. */
export interface Links {
  /** Frames without end, or the file of a recording. */
  readonly audio: string;
  /** What the player takes in legs. */
  readonly stream: string;
  /** A page with the player. */
  readonly embed: string;
}

/** Every message before `next` is in the store: it need not be kept any more. */
export interface Ack {
  readonly type: 'ack';
  readonly next: number;
}

/** `ready`: nothing has come yet. `standby`: nothing comes any more, for the moment. */
export type OnAir = 'ready' | 'live' | 'standby' | 'ended';

export interface State {
  readonly type: 'state';
  readonly onAir: OnAir;
  readonly listeners: number;
  /** Of the show that has ended. */
  readonly recording: Links | null;
}

/** The connection ends after it. */
export interface Refusal {
  readonly type: 'error';
  readonly code: FailureCode;
  readonly message: string;
  /** Null: there is no use in coming back. */
  readonly retryAfterSeconds: Seconds | null;
}

export const isChannelName = (text: unknown): text is string => typeof text === 'string' && NAME.test(text);
export const isShowName = isChannelName;

/** Of channels and shows: parts of addresses and of store keys. */
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/**
 * What a publisher's message says, text or bytes as they came.
 * @throws INGEST_INVALID, INGEST_FORMAT
 */
export function readPublisherMessage(message: string | Uint8Array): PublisherMessage {
  if (typeof message !== 'string') return readData(message);
  if (message.length > MOST_MESSAGE) throw invalid(`a text of ${message.length} characters`);
  const fields = fieldsOf(message);
  switch (fields['type']) {
    case 'hello':
      return readHello(fields);
    case 'data':
      return readTextData(fields);
    case 'title':
      return {
        type: 'title',
        title: text(fields['title'], MOST_TITLE),
        artist: text(fields['artist'] ?? '', MOST_TITLE),
      };
    case 'end':
      return { type: 'end', next: count(fields['next']) };
    case 'ping':
      return { type: 'ping' };
    default:
      throw invalid(`a message of type ${String(fields['type']).slice(0, 40)}`);
  }
}

/** A publisher's message as it travels, data in a binary message. */
export function writePublisherMessage(message: PublisherMessage): string | Uint8Array {
  if (message.type === 'data') return writeData(message);
  return JSON.stringify(message.type === 'hello' ? { version: PROTOCOL, ...message } : message);
}

/** Data in text, for servers that take no binary messages. */
export const writeTextData = ({ number, payload }: Data): string =>
  JSON.stringify({ type: 'data', number, payload: Buffer.from(payload).toString('base64') });

export const writeServerMessage = (message: ServerMessage): string => JSON.stringify(message);

const DATA = 1;
const DATA_HEAD: Bytes = 5;
const MOST_NUMBER = 2 ** 32 - 1;
const MOST_TITLE = 500;
const MOST_TOKEN = 200;

/** A binary message: 1, its number in four bytes in network order, the payload. */
function writeData({ number, payload }: Data): Uint8Array {
  const message = new Uint8Array(DATA_HEAD + payload.length);
  message[0] = DATA;
  new DataView(message.buffer).setUint32(1, number);
  message.set(payload, DATA_HEAD);
  return message;
}

function readData(message: Uint8Array): Data {
  if (message[0] !== DATA) throw invalid(`a binary message of kind ${message[0] ?? 'none'}`);
  if (message.length <= DATA_HEAD || message.length > DATA_HEAD + MOST_PAYLOAD)
    throw invalid(`a binary message of ${message.length} bytes`);
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  return { type: 'data', number: view.getUint32(1), payload: message.subarray(DATA_HEAD) };
}

function readTextData({ number, payload }: Fields): Data {
  if (typeof payload !== 'string') throw invalid('data without a payload');
  const bytes = Buffer.from(payload, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== payload) throw invalid('data that is not base64');
  return { type: 'data', number: count(number), payload: bytes };
}

function readHello({ version, token, channel, show, format, from = 0, name = '' }: Fields): Hello {
  if (version !== PROTOCOL) throw invalid(`version ${String(version).slice(0, 20)} of the protocol`);
  if (!isChannelName(channel)) throw invalid('no name of a channel');
  if (!isShowName(show)) throw invalid('no name of a show');
  return {
    ...{ type: 'hello', token: text(token, MOST_TOKEN), channel, show, format: readFormat(format) },
    ...{ from: count(from), name: text(name, MOST_TITLE) },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(message: string): Fields {
  try {
    const value: unknown = JSON.parse(message);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  } catch {
    // said below
  }
  throw invalid('a text that is no JSON object');
}

function text(value: unknown, most: number): string {
  if (typeof value === 'string' && value.length <= most) return value;
  throw invalid(`a text of at most ${most} characters is missing`);
}

function count(value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_NUMBER) return value as number;
  throw invalid(`${String(value).slice(0, 40)} is no number of a message`);
}

const invalid = (detail: string): BatonError => new BatonError('INGEST_INVALID', detail);
