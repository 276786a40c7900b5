import type { Container } from '../grid/container.ts';
import { pagesBytes } from '../grid/pages.ts';
import { formatRendition, type GridRendition } from '../grid/rendition.ts';
import { ENCODER_DELAY, encoderPadding, layTimeline, type Timeline } from '../grid/timeline.ts';
import { writeId3 } from '../media/id3-write.ts';
import { infoFrameBefore } from '../media/info-frame.ts';
import { opusHeaderPages } from '../media/opus-head.ts';
import type { Tags } from '../media/tags.ts';
import { writeWavHead } from '../media/wav-write.ts';
import type { Source } from '../source/record.ts';
import type { Bytes } from '../units.ts';
import { chunksKey, etagOf, serialOf } from './file-identity.ts';
import type { Content, OggStream } from './virtual-file.ts';

/** An encode on the grid behind the head of its container. Throws TRIM_OUT_OF_RANGE. */
export function encodedFile(source: Source, rendition: GridRendition, container: Container, engineId: string): Content {
  const { version, tags: sourceTags } = source.record;
  const timeline = layTimeline(rendition, source.record);
  const tags = trimmedTags(sourceTags, rendition);
  const options = formatRendition(rendition);
  const { head, pages } = frontOf(container, timeline, tags, serialOf(version, options));
  const output = { source, timeline, key: chunksKey(engineId, version, rendition) };
  const durationMs = timeline.samples === null ? null : (timeline.samples * 1000) / timeline.sampleRate;
  const file: Content = {
    ...{ container, tags, durationMs, head },
    ...{ frames: { kind: 'encoded', output, pages }, size: null, etag: null },
  };
  if (timeline.frames === null || container === 'mp4') return file;
  const size = head.length + framesBytes(timeline, timeline.frames, pages !== null);
  const kind = container === 'mp3' ? [] : [container];
  return { ...file, size, etag: etagOf(version, timeline.samples, options, engineId, ...kind) };
}

/** Bytes of `count` frames, with the pages they lie on. */
export const framesBytes = (timeline: Timeline, count: number, isPaged: boolean): Bytes =>
  isPaged ? pagesBytes(timeline, count) : count * (timeline.frameBytes ?? NaN);

interface Front {
  readonly head: Uint8Array;
  readonly pages: OggStream | null;
}

function frontOf(container: Container, timeline: Timeline, tags: Tags, serial: number): Front {
  const { channels, sampleRate, priming: preSkip, frames, frameBytes } = timeline;
  switch (container) {
    case 'mp3':
      return { head: Buffer.concat([writeId3(tags), infoFrame(timeline)]), pages: null };
    case 'ogg': {
      const header = opusHeaderPages({ channels, preSkip, tags, serial });
      return { head: Buffer.concat(header), pages: { serial, firstSequence: header.length } };
    }
    case 'wav': {
      const dataBytes = frames === null || frameBytes === null ? null : frames * frameBytes;
      return { head: writeWavHead({ sampleRate, channels, dataBytes, tags }), pages: null };
    }
    case 'mp4':
      return { head: new Uint8Array(), pages: null };
  }
}

/** Without a known length there is nothing to state, and the file begins with its frames. */
function infoFrame({ sampleRate, channels, frames, frameBytes, frameSamples, samples }: Timeline): Uint8Array {
  if (frames === null || samples === null) return new Uint8Array();
  const version = sampleRate === 48_000 ? 1 : 2;
  const gapless = { delay: ENCODER_DELAY, padding: encoderPadding(frames, frameSamples, samples) };
  const info = { kind: 'Info', version, sampleRate, channels, frames, gapless } as const;
  return infoFrameBefore(frames * (frameBytes ?? NaN), info);
}

/** Chapters on the output's own timeline. */
function trimmedTags(tags: Tags, { startMs, endMs }: GridRendition): Tags {
  const clip = (ms: number): number => Math.max(0, Math.min(ms, endMs ?? Infinity) - startMs);
  const chapters = tags.chapters
    .map((chapter) => ({ ...chapter, startMs: clip(chapter.startMs), endMs: clip(chapter.endMs) }))
    .filter((chapter) => chapter.endMs > chapter.startMs);
  return { ...tags, chapters };
}
