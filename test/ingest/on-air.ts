import { expect } from 'vitest';
import type { IngestFormat } from '../../src/ingest/format.ts';
import { publicLink } from '../../src/sign/link.ts';
import { publisherToken } from '../../src/sign/publisher-token.ts';
import type { TestBaton } from '../support/baton.ts';
import { startPublisher, type TestPublisher } from '../support/publisher.ts';
import { adtsPackets, oggPackets, type Sent } from './sent.ts';

export function tokenFor(channel: string, { keys }: TestBaton, seconds = 600): string {
  const now = Date.now() / 1000;
  return publisherToken({ channel, expiresAt: now + seconds }, keys, now);
}

/** A publisher of `channel`, which nobody else uses. */
export const publish = (baton: TestBaton, channel: string, format: IngestFormat, show = 'show'): TestPublisher =>
  startPublisher({ origin: baton.origin, token: tokenFor(channel, baton), channel, show, format });

/** The recording as it lies in the store. */
export async function recordingOf(baton: TestBaton, channel: string, show = 'show'): Promise<Buffer> {
  const content = { kind: 'raw', options: '', source: `ingest://${channel}/${show}`, name: 'show' } as const;
  const response = await fetch(baton.origin + publicLink(content, baton.keys));
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

/** Not one packet is missing, doubled or changed. */
export function expectAll(recording: Buffer, { format, stream, packets }: Sent): void {
  if (stream !== null) return void expect(Buffer.compare(recording, stream)).toBe(0);
  const isAac = 'codec' in format && format.codec === 'aac';
  const found = isAac ? adtsPackets(recording) : oggPackets(recording).slice(2);
  expect(found.length).toBe(packets?.length);
  expect(found.findIndex((packet, at) => Buffer.compare(packet, packets?.[at] ?? Buffer.alloc(0)) !== 0)).toBe(-1);
}
