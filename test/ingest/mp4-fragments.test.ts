import { expect, test } from 'vitest';
import type { IngestFormat } from '../../src/ingest/format.ts';
import { createWriter, type Writer, type WriterState } from '../../src/ingest/writer.ts';
import { adtsPackets, mp4Of, oggPackets } from './sent.ts';

/** A writer that another process goes on with after each message. */
function handedOn(format: IngestFormat): Pick<Writer, 'push' | 'lose'> {
  let state: WriterState | null = null;
  const through = <T>(act: (writer: Writer) => T): T => {
    const writer = createWriter(format, 7, state);
    const done = act(writer);
    state = JSON.parse(JSON.stringify(writer.state())) as WriterState;
    return done;
  };
  return {
    push: (payload) => through((writer) => writer.push(payload)),
    lose: () => through((writer) => writer.lose()),
  };
}

test('what is to be dropped before Opus is said in the recording as it was in MP4', async () => {
  const { format, payloads } = await mp4Of('opus', 2);
  const writer = handedOn(format);
  const [head] = oggPackets(Buffer.concat(payloads.map(writer.push)));
  expect(head?.readUInt16LE(10)).toBe(312);
});

test('where messages are missing, it goes on with the next fragment', async () => {
  const { format, payloads, packets } = await mp4Of('aac', 6);
  const writer = handedOn(format);
  const [from, to] = [0.3, 0.5].map((part) => Math.floor(part * payloads.length));
  const before = adtsPackets(Buffer.concat(payloads.slice(0, from).map(writer.push)));
  writer.lose();
  const behind = adtsPackets(Buffer.concat(payloads.slice(to).map(writer.push)));
  const places = [...before, ...behind].map((packet) => packets?.findIndex((one) => packet.equals(one)) ?? -1);
  const count = packets?.length ?? 0;
  const [last, next] = [before.length - 1, places[before.length] ?? 0];
  expect(places).toEqual([...Array(last + 1).keys(), ...Array.from({ length: count - next }, (_, at) => next + at)]);
  expect(last).toBeGreaterThan(0.1 * count);
  expect(next).toBeGreaterThan(0.3 * count);
  expect(next).toBeLessThan(0.7 * count);
});

test.each([
  ['before their data', (trun: number, mp4: Buffer) => mp4.writeUInt32BE(8, trun + 12)],
  ['beyond their data', (trun: number, mp4: Buffer) => mp4.writeUInt32BE(1e6, trun + 12)],
  ['without end', (trun: number, mp4: Buffer) => mp4.writeUInt32BE(2 ** 32 - 1, mp4.writeUInt32BE(1, trun + 4))],
])('samples %s are refused', async (_, spoil) => {
  const { format, payloads } = await mp4Of('aac', 1);
  const mp4 = Buffer.concat(payloads);
  spoil(mp4.indexOf('trun'), mp4);
  expect(() => handedOn(format).push(mp4)).toThrow(expect.objectContaining({ code: 'INGEST_FORMAT' }) as Error);
});
