import type { Milliseconds } from '../units.ts';
import type { SourceDescription } from './describe-source.ts';
import { columns, styled } from './terminal.ts';

/** The description for people, in two columns. */
export function sourceText(source: SourceDescription): string {
  const { title, artist, album } = source.tags;
  const given = (name: string, text: string | null | undefined): (readonly [string, string])[] =>
    text === null || text === undefined || text === '' ? [] : [[name, printable(text)]];
  const rows = [
    ...given('Title', title),
    ...given('Artist', artist),
    ...given('Album', album),
    ...given('Format', format(source)),
    ...given('Duration', duration(source)),
    ...given('Length from', source.lengthFrom),
    ...given('Size', source.size === null ? 'not told by the origin' : `${source.size} bytes`),
    ...given('Seek index', source.index),
    ...given('Final URL', source.finalUrl),
    ...given('Byte ranges', source.ranges ? 'yes' : 'no: the source is kept whole while it is played'),
    ...given('ETag', source.etag),
    ...given('Last-Modified', source.lastModified),
    ...given('Pinned by', source.validator === null ? 'hashes of its start and end' : 'its validator'),
    ...given('Artwork', source.artwork === null ? 'none' : `${source.artwork.mime}, ${source.artwork.bytes} bytes`),
    ...given('Read', `${source.readBytes} bytes`),
  ];
  const chapters = source.chapters.map((each): [string, string] => [clock(each.startMs), printable(each.title)]);
  return [
    columns(rows),
    ...(chapters.length === 0 ? [] : [styled('bold', 'Chapters', process.stdout), columns(chapters, '  ')]),
  ].join('\n');
}

function format({ container, codec, sampleRate, channels, bitrate }: SourceDescription): string {
  const layout = channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`;
  const rate = bitrate.kbps === null ? '' : `${bitrate.mode === 'CBR' ? '' : 'about '}${bitrate.kbps} kbit/s`;
  const parts = [
    codec === container ? codec : `${codec} in ${container}`,
    `${sampleRate} Hz`,
    layout,
    bitrate.mode,
    rate,
  ];
  return parts.filter((part) => part !== null && part !== '').join(', ');
}

const duration = ({ durationMs, samples }: SourceDescription): string =>
  durationMs === null || samples === null ? 'not known yet' : `${clock(durationMs)} (${samples} samples)`;

function clock(ms: Milliseconds): string {
  const seconds = (Math.floor(ms) / 1000) % 60;
  const minutes = Math.floor(ms / 60_000);
  const clockText = `${String(minutes % 60).padStart(2, '0')}:${seconds.toFixed(3).padStart(6, '0')}`;
  return minutes < 60 ? clockText : `${Math.floor(minutes / 60)}:${clockText}`;
}

/** What others wrote may hold sequences that a terminal obeys. */
const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ');
