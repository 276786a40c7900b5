import { parse, type types } from 'hls-parser';
import { publicLink, type LinkContent } from '../../src/sign/link.ts';
import type { TestBaton } from './baton.ts';
import { get, type Answer } from './client.ts';

/** The absolute address of the HLS of `source`. */
export const hlsLink = (
  { origin, keys }: Pick<TestBaton, 'origin' | 'keys'>,
  source: string,
  options = '',
  content: Partial<LinkContent> = {},
): string => origin + publicLink({ kind: 'hls', options, source, name: 'index.m3u8', ...content }, keys);

/** A segment of a media playlist as a player sees it. */
export interface ListedSegment {
  readonly url: string;
  readonly duration: number;
}

/** A media playlist, read by a parser that we did not write. */
export interface ReadPlaylist {
  readonly text: string;
  readonly playlist: types.MediaPlaylist;
  readonly init: string;
  readonly segments: readonly ListedSegment[];
}

export async function readMultivariant(url: string): Promise<{ text: string; playlist: types.MasterPlaylist }> {
  const text = await textOf(url);
  const playlist = parse(text);
  if (!playlist.isMasterPlaylist) throw new Error(`not a multivariant playlist: ${text}`);
  return { text, playlist: playlist };
}

export async function readMedia(url: string): Promise<ReadPlaylist> {
  const text = await textOf(url);
  const parsed = parse(text);
  if (parsed.isMasterPlaylist) throw new Error(`not a media playlist: ${text}`);
  const playlist = parsed;
  const at = (uri: string): string => new URL(uri, url).href;
  return {
    text,
    playlist,
    init: at(playlist.segments[0]?.map.uri ?? ''),
    segments: playlist.segments.map(({ uri, duration }) => ({ url: at(uri), duration })),
  };
}

/** The bytes at `url`, which has to be there. */
export async function bytesAt(url: string): Promise<Buffer> {
  const answer = await get(url);
  if (answer.status !== 200 || !answer.complete) throw new Error(`${answer.status}: ${answer.bytes.toString()}`);
  return answer.bytes;
}

/** The decimals of `EXTINF` added up as a person would, without rounding errors: microseconds. */
export const microseconds = (text: string): number =>
  [...text.matchAll(/^#EXTINF:(\d+)\.(\d{6}),$/gm)].reduce(
    (sum, [, whole, part]) => sum + Number(whole) * 1e6 + Number(part),
    0,
  );

async function textOf(url: string): Promise<string> {
  const answer: Answer = await get(url);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.bytes.toString()}`);
  if (answer.headers['content-type'] !== 'application/vnd.apple.mpegurl')
    throw new Error(`a playlist as ${String(answer.headers['content-type'])}`);
  return answer.bytes.toString();
}
