import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { icyWriter } from '../media/icy.ts';
import { id3Size } from '../media/id3.ts';
import { mp3Walker, type Mp3Frame } from '../media/mp3.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { DemoEpisode } from './demo-episode.ts';

/** A station that plays the demo episode again and again, by the clock. */
export interface DemoRadio {
  /** Sends what is on, with titles for those who ask, until the listener leaves. */
  answer(request: IncomingMessage, response: ServerResponse): void;
}

export const STATION = 'Baton Demo Radio';

const TICK: Milliseconds = 250;
/** What was on before somebody came, as Icecast sends it: a relay that was away for a while finds its place in it. */
const BURST: Milliseconds = 8_000;
const INTERVAL: Bytes = 16_000;
/** A listener who has so much waiting does not listen. */
const MOST_WAITING: Bytes = 2 ** 20;

/** On air from now on. */
export async function demoRadio({ file, chapters, artist }: DemoEpisode): Promise<DemoRadio> {
  const frames = await framesOf(file);
  const { frameSamples = 1152, sampleRate = 44_100 } = frames[0]?.header ?? {};
  const frameMs: Milliseconds = (frameSamples / sampleRate) * 1000;
  const began = performance.now() - BURST;

  const frameNow = (): number => Math.floor((performance.now() - began) / frameMs);

  function titleAt(frame: number): string {
    const at = (frame % frames.length) * frameMs;
    return chapters.findLast(({ startMs }) => startMs <= at)?.title ?? STATION;
  }

  function play(response: ServerResponse, write: (audio: Uint8Array, title: string) => Uint8Array): void {
    let next = Math.max(0, frameNow() - Math.round(BURST / frameMs));
    const send = (): void => {
      const pieces: Uint8Array[] = [];
      for (const end = frameNow(); next < end; next += 1)
        pieces.push(write(frames[next % frames.length]?.bytes ?? new Uint8Array(), titleAt(next)));
      if (pieces.length > 0) response.write(Buffer.concat(pieces));
      if (response.writableLength > MOST_WAITING) response.destroy();
    };
    const timer = setInterval(send, TICK);
    response.once('close', () => clearInterval(timer));
    send();
  }

  return {
    answer({ headers }, response) {
      const wantsTitles = headers['icy-metadata'] === '1';
      response.useChunkedEncodingByDefault = false; // as stations do: the body ends with the connection
      response.writeHead(200, {
        ...{ 'content-type': 'audio/mpeg', 'icy-name': STATION, 'icy-genre': 'Demo', connection: 'close' },
        ...(wantsTitles && { 'icy-metaint': String(INTERVAL) }),
      });
      const write = icyWriter(INTERVAL);
      play(response, wantsTitles ? (audio, title) => write(audio, { title, artist }) : (audio) => audio);
    },
  };
}

/** Without its tag and its Xing frame, which are of a file. */
async function framesOf(file: string): Promise<readonly Mp3Frame[]> {
  const bytes = await readFile(file);
  const walker = mp3Walker();
  return [...walker.push(bytes.subarray(id3Size(bytes) ?? 0)), ...walker.end()].slice(1);
}
