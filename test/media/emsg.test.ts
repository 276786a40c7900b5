import { createFile, MP4BoxBuffer } from 'mp4box';
import { expect, test } from 'vitest';
import { emsg } from '../../src/media/emsg.ts';
import { hlsMp4 } from '../support/hls-mp4.ts';

const event = { id: 7, time: 2 ** 33 + 5, data: { type: 'metadata', title: 'Über „alles“ 🎧\n"x"\0', chapters: [] } };

test('hls.js reads an event as it was meant', async () => {
  const { findBox, parseEmsg } = await hlsMp4();
  const [box = new Uint8Array()] = findBox(emsg(event), ['emsg']);
  const { payload, ...fields } = parseEmsg(box);
  expect(fields).toMatchObject({
    ...{ schemeIdUri: 'urn:baton:event:2026\0', value: '1\0', timeScale: 48_000 },
    ...{ presentationTime: event.time, eventDuration: 0, id: 7 },
  });
  expect(JSON.parse(Buffer.from(payload).toString())).toEqual(event.data);
});

test('mp4box reads an event as it was meant', () => {
  const file = createFile();
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(Uint8Array.from(emsg({ ...event, time: 96_000 })).buffer, 0), true);
  const [box] = file.boxes;
  expect(box).toMatchObject({
    ...{ type: 'emsg', version: 1, flags: 0, timescale: 48_000, presentation_time: 96_000, event_duration: 0, id: 7 },
    ...{ scheme_id_uri: 'urn:baton:event:2026', value: '1' },
  });
  const { message_data: data } = box as unknown as { message_data: Uint8Array };
  expect(JSON.parse(Buffer.from(data).toString())).toEqual(event.data);
});
