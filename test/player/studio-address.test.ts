import { expect, test } from 'vitest';
import { socketAddress } from '../../player/studio/wire.ts';

test.each([
  ['https://radio.example/studio?x', 'wss://radio.example/ingest'],
  ['http://localhost:8080', 'ws://localhost:8080/ingest'],
  ['wss://a1b2.execute-api.eu-central-1.amazonaws.com/prod', 'wss://a1b2.execute-api.eu-central-1.amazonaws.com/prod'],
])('a studio for %s connects to %s', (server, address) => {
  expect(socketAddress(new URL(server)).href).toBe(address);
});
