import { expect, test } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import {
  MOST_MESSAGE,
  MOST_PAYLOAD,
  MOST_TEXT_PAYLOAD,
  readPublisherMessage,
  writePublisherMessage,
  writeTextData,
  type Hello,
  type PublisherMessage,
} from '../../src/ingest/message.ts';
import { readPacketRecords } from '../../src/ingest/packet-records.ts';
import { writePacketRecords } from './write-records.ts';

const hello: Hello = {
  ...{ type: 'hello', token: 'k.1.c.s', channel: 'my-radio', show: '2026-11-30-a1', from: 3, name: 'Radio' },
  format: { container: 'packets', codec: 'aac', sampleRate: 48_000, channels: 2, description: 'EZA=' },
};

const messages: readonly PublisherMessage[] = [
  hello,
  { ...hello, format: { container: 'webm' } },
  { ...hello, format: { container: 'mp4', codec: 'aac' } },
  { type: 'data', number: 0, payload: Uint8Array.of(7) },
  { type: 'data', number: 2 ** 32 - 1, payload: new Uint8Array(MOST_PAYLOAD).fill(255) },
  { type: 'title', title: 'Café', artist: '' },
  { type: 'end', next: 431 },
  { type: 'ping' },
];

test('what is written is read again, and no message is larger than one frame', () => {
  for (const message of messages) {
    const written = writePublisherMessage(message);
    expect(written.length).toBeLessThanOrEqual(MOST_MESSAGE);
    expect(readPublisherMessage(written)).toEqual(message);
  }
});

test('data may come as text', () => {
  const payload = Uint8Array.from({ length: MOST_TEXT_PAYLOAD }, (_, at) => at & 255);
  const text = writeTextData({ type: 'data', number: 9, payload });
  expect(text.length).toBeLessThanOrEqual(MOST_MESSAGE);
  const read = readPublisherMessage(text);
  expect(read.type === 'data' && Buffer.compare(read.payload, payload)).toBe(0);
});

const bad: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['no JSON', 'hello', 'INGEST_INVALID'],
  ['a list', '[]', 'INGEST_INVALID'],
  ['null', 'null', 'INGEST_INVALID'],
  ['another type', '{"type":"hi"}', 'INGEST_INVALID'],
  ['an inherited type', '{"type":"__proto__"}', 'INGEST_INVALID'],
  ['a text beyond the limit', `{"type":"ping","x":"${'x'.repeat(MOST_MESSAGE)}"}`, 'INGEST_INVALID'],
  ['deep nesting', '['.repeat(30_000), 'INGEST_INVALID'],
  ['another version', JSON.stringify({ ...hello, version: 2 }), 'INGEST_INVALID'],
  ['a channel that leaves its folder', helloWith({ channel: '../x' }), 'INGEST_INVALID'],
  ['a channel in capitals', helloWith({ channel: 'Radio' }), 'INGEST_INVALID'],
  ['a channel that is too long', helloWith({ channel: 'a'.repeat(65) }), 'INGEST_INVALID'],
  ['a show that is none', helloWith({ show: 7 }), 'INGEST_INVALID'],
  ['a negative number', helloWith({ from: -1 }), 'INGEST_INVALID'],
  ['no format', helloWith({ format: undefined }), 'INGEST_FORMAT'],
  ['a container that is not taken', helloWith({ format: { container: 'flv' } }), 'INGEST_FORMAT'],
  ['MP4 that does not say its codec', helloWith({ format: { container: 'mp4' } }), 'INGEST_FORMAT'],
  ['packets of another codec', helloWith({ format: { ...hello.format, codec: 'mp3' } }), 'INGEST_FORMAT'],
  ['AAC without a description', helloWith({ format: { ...hello.format, description: null } }), 'INGEST_FORMAT'],
  ['a rate of nonsense', helloWith({ format: { ...hello.format, sampleRate: 1e9 } }), 'INGEST_FORMAT'],
  ['an empty binary message', new Uint8Array(), 'INGEST_INVALID'],
  ['a binary message of another kind', Uint8Array.of(2, 0, 0, 0, 0, 1), 'INGEST_INVALID'],
  ['data without a payload', Uint8Array.of(1, 0, 0, 0, 0), 'INGEST_INVALID'],
  ['too large a payload', new Uint8Array(MOST_PAYLOAD + 6).fill(1), 'INGEST_INVALID'],
  ['base64 with a gap', '{"type":"data","number":1,"payload":"AAA A"}', 'INGEST_INVALID'],
  ['a number that is none', '{"type":"data","number":1.5,"payload":"AAAA"}', 'INGEST_INVALID'],
];

test.each(bad)('%s is refused', (_, message, code) => {
  expect(() => readPublisherMessage(message)).toThrow(expect.objectContaining({ code }) as Error);
});

test('packets come out as they went in', () => {
  const packets = [1, 400, 1275].map((size) => ({ samples: 960, bytes: new Uint8Array(size).fill(size) }));
  expect(readPacketRecords(writePacketRecords(packets))).toEqual(packets);
});

test('packets that are cut anywhere are refused', () => {
  const whole = writePacketRecords([
    { samples: 960, bytes: new Uint8Array(20) },
    { samples: 960, bytes: new Uint8Array(9) },
  ]);
  for (let size = 1; size < whole.length; size++) {
    if (size === 24) continue; // the end of the first one
    let thrown: unknown = null;
    try {
      readPacketRecords(whole.subarray(0, size));
    } catch (error) {
      thrown = error;
    }
    expect(hasCode(thrown, 'INGEST_INVALID'), `cut at ${size}`).toBe(true);
  }
});

function helloWith(fields: Record<string, unknown>): string {
  return JSON.stringify({ version: 1, ...hello, ...fields });
}
