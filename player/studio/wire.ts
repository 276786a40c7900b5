/** What a payload is made of, as docs/ingest.md has it. */
export type Format = RecordedFormat | PacketFormat;

/** What MediaRecorder makes. */
export type RecordedFormat =
  { readonly container: 'webm' } | { readonly container: 'mp4'; readonly codec: 'opus' | 'aac' };

export interface PacketFormat {
  readonly container: 'packets';
  readonly codec: 'opus' | 'aac';
  readonly sampleRate: number;
  readonly channels: number;
  /** Of the decoder's configuration, in base64. */
  readonly description: string | null;
  /** Of the pictures; without it there are none. */
  readonly video?: PictureFormat;
}

export interface PictureFormat {
  /** As in the `codecs` of a media type: H.264. */
  readonly codec: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
}

/** Where a channel or a recording is heard, paths or whole addresses. */
export interface Links {
  readonly audio: string;
  /** What the player takes in legs. */
  readonly stream: string;
  /** A page with the player. */
  readonly embed: string;
}

export type OnAir = 'ready' | 'live' | 'standby' | 'ended';

/** What a server says. */
export type ServerMessage =
  | {
      readonly type: 'welcome';
      /** The number of the message to go on with. */
      readonly next: number;
      /** How many messages neither side has. */
      readonly lost: number;
      readonly binary: boolean;
      readonly maxPayloadBytes: number;
      readonly maxBytesPerSecond: number;
      readonly maxUnacknowledgedBytes: number;
      readonly links: Links | null;
    }
  /** Every message before `next` is in the store. */
  | { readonly type: 'ack'; readonly next: number }
  | {
      readonly type: 'state';
      readonly onAir: OnAir;
      readonly listeners: number;
      /** Of a show that has ended. */
      readonly recording: Links | null;
    }
  /** The connection ends after it; null: there is no use in coming back. */
  | {
      readonly type: 'error';
      readonly code: string;
      readonly message: string;
      readonly retryAfterSeconds: number | null;
    };

/** What a publisher says first on each connection. */
export interface Hello {
  readonly token: string;
  readonly channel: string;
  readonly show: string;
  readonly format: Format;
  /** The lowest number that can still be sent. */
  readonly from: number;
  readonly name?: string;
}

export const VERSION = 1;

export const helloMessage = (said: Hello): string => JSON.stringify({ type: 'hello', version: VERSION, ...said });

export const titleMessage = (text: string, artist: string): string =>
  JSON.stringify({ type: 'title', title: text, artist });

/** Messages before `next` are all there are. */
export const endMessage = (next: number): string => JSON.stringify({ type: 'end', next });

export const PING = '{"type":"ping"}';

/** A data message: 1, its number in four bytes in network order, the payload; or as text, in base64. */
export function dataMessage(number: number, payload: Uint8Array, isBinary: boolean): Uint8Array<ArrayBuffer> | string {
  if (!isBinary) return JSON.stringify({ type: 'data', number, payload: base64(payload) });
  const message = new Uint8Array(DATA_HEAD + payload.length);
  message[0] = 1;
  new DataView(message.buffer).setUint32(1, number);
  message.set(payload, DATA_HEAD);
  return message;
}

const DATA_HEAD = 5;

/** A server's message; null for one that this client does not know. */
export function readServerMessage(message: unknown): ServerMessage | null {
  try {
    const said = JSON.parse(String(message)) as ServerMessage | null;
    return said !== null && Object.hasOwn(NUMBERS, said.type) && isWhole(said) ? said : null;
  } catch {
    return null;
  }
}

/** The numbers without which a message says nothing. */
const NUMBERS: Readonly<Record<ServerMessage['type'], readonly string[]>> = {
  welcome: ['next', 'maxPayloadBytes', 'maxBytesPerSecond', 'maxUnacknowledgedBytes'],
  ack: ['next'],
  state: ['listeners'],
  error: [],
};

const isWhole = (said: ServerMessage): boolean =>
  NUMBERS[said.type].every((name) => typeof (said as unknown as Record<string, unknown>)[name] === 'number');

/** A packet as it stands in a payload: its samples and its size in two bytes each, in network order, and its bytes. */
export function framedPacket(bytes: Uint8Array, samples: number): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(4 + bytes.length);
  const view = new DataView(framed.buffer);
  view.setUint16(0, samples);
  view.setUint16(2, bytes.length);
  framed.set(bytes, 4);
  return framed;
}

/** What there is to say of an encoder of Opus. */
export const soundFormat = (channels: number, { description }: AudioDecoderConfig): PacketFormat => ({
  ...{ container: 'packets', codec: 'opus', sampleRate: 48_000, channels },
  description: description === undefined ? null : base64(bytesOf(description)),
});

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const bytesOf = (source: AllowSharedBufferSource): Uint8Array =>
  ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);

/** With padding. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The channel that a token is for, `<key>.<expiry>.<channel>.<signature>`; null for what is no token. */
export const channelOf = (token: string): string | null =>
  /^[^.]+\.[^.]+\.([a-z0-9][a-z0-9-]{0,63})\.[^.]+$/.exec(token.trim())?.[1] ?? null;

/** Where a server takes publishers; an address of a WebSocket is taken as it is, as those of API Gateway end otherwise. */
export function socketAddress(given: URL): URL {
  if (given.protocol === 'ws:' || given.protocol === 'wss:') return given;
  const address = new URL('/ingest', given);
  address.protocol = given.protocol === 'http:' ? 'ws:' : 'wss:';
  return address;
}
