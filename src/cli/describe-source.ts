import type { Mp3Facts, ProbeRecord, Source } from '../source/record.ts';
import { decodeRecord, probeKey } from '../source/record.ts';
import type { Store } from '../store/store.ts';
import type { Bytes, Hertz, Kbps, Milliseconds, Samples } from '../units.ts';

/** What `baton probe` tells of a source; `--json` prints it as it is. */
export interface SourceDescription {
  readonly url: string;
  readonly finalUrl: string;
  readonly version: string;
  readonly size: Bytes | null;
  readonly container: string;
  readonly codec: string;
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** What every output promises; null until it is known. */
  readonly samples: Samples | null;
  readonly durationMs: Milliseconds | null;
  readonly bitrate: { readonly mode: 'CBR' | 'VBR' | null; readonly kbps: Kbps | null };
  readonly lengthFrom: string;
  readonly index: 'not needed' | 'complete' | 'not made yet';
  readonly ranges: boolean;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** The strong validator that reads are conditional on. */
  readonly validator: string | null;
  readonly tags: { readonly title?: string; readonly artist?: string; readonly album?: string };
  readonly chapters: ProbeRecord['tags']['chapters'];
  readonly artwork: { readonly mime: string; readonly bytes: Bytes } | null;
  /** Read from the origin to learn this. */
  readonly readBytes: Bytes;
}

/** @throws what `store.get` throws */
export async function describeSource(source: Source, store: Store, readBytes: Bytes): Promise<SourceDescription> {
  const { record, pin, url } = source;
  const { chapters, artwork, ...tags } = record.tags;
  const durationMs = record.samples === null ? null : (record.samples * 1000) / record.sampleRate;
  return {
    url,
    finalUrl: pin.finalUrl,
    version: record.version,
    size: record.size,
    container: record.container,
    codec: record.codec,
    sampleRate: record.sampleRate,
    channels: record.channels,
    samples: record.samples,
    durationMs: durationMs === null ? null : Math.round(durationMs),
    bitrate: bitrateOf(record, durationMs),
    lengthFrom: await lengthFrom(record, store),
    index: indexState(source),
    ranges: pin.ranges,
    etag: pin.etag,
    lastModified: pin.modified,
    validator: record.validator,
    tags,
    chapters,
    artwork: artwork === undefined ? null : { mime: artwork.mime, bytes: artwork.bytes.length },
    readBytes,
  };
}

/** Of VBR, and of MP4 with its container: the mean. */
function bitrateOf({ mp3, size }: ProbeRecord, durationMs: Milliseconds | null): SourceDescription['bitrate'] {
  if (mp3 !== null && mp3.cbrKbps !== null) return { mode: 'CBR', kbps: mp3.cbrKbps };
  const bytes = audioBytes(mp3, size);
  const kbps = bytes === null || durationMs === null ? null : Math.round((bytes * 8) / durationMs);
  return { mode: mp3 === null ? null : 'VBR', kbps };
}

function audioBytes(mp3: Mp3Facts | null, size: Bytes | null): Bytes | null {
  if (mp3 === null || size === null) return size;
  return Math.min(size, mp3.audio.end) - mp3.audio.start;
}

async function lengthFrom(record: ProbeRecord, store: Store): Promise<string> {
  if (record.samples === null)
    return `unknown until every ${record.hls === undefined ? 'frame' : 'segment'} has been counted, which starts with the first play`;
  if (record.mp3 === null) return LENGTH_FROM[record.container];
  if (record.mp3.cbrKbps !== null) return 'constant bitrate, proved by sampling';
  const stored = await store.get(probeKey(record.version));
  const probed = stored === null ? record : decodeRecord(stored.bytes);
  if (probed?.samples === null) return 'count of all frames (seek index)';
  return record.mp3.delay === null
    ? 'header of the file, checked against its size'
    : 'Xing header, checked against the size';
}

/** Of what is no MP3. */
const LENGTH_FROM: Readonly<Record<ProbeRecord['container'], string>> = {
  mp3: 'count of all frames',
  mp4: 'sample table of the file (moov)',
  matroska: 'last packet of the track',
  ogg: 'last page of the stream',
  flac: 'last frame',
  wav: 'header of the file, checked against its size',
  adts: 'count of all frames',
  aiff: 'header of the file, checked against its size',
  hls: 'time stamps of all segments',
};

function indexState({ record, contents }: Source): SourceDescription['index'] {
  if (record.hls !== undefined) return contents === undefined ? 'not made yet' : 'complete';
  if (record.mp3?.cbrKbps !== null) return 'not needed'; // undefined: no MP3
  return contents === undefined ? 'not made yet' : 'complete';
}
