import type { Config } from '../config.ts';
import type { Links } from '../ingest/message.ts';
import type { ShowName } from '../ingest/show-store.ts';
import { showAddress, type ShowAddress } from '../show-address.ts';
import type { Keys } from '../sign/keys.ts';
import { publicLink, type Kind } from '../sign/link.ts';
import { slug } from '../sign/name.ts';

/** What anything plays, and what the player takes in legs; and with pictures. */
const AUDIO = 'codec.mp3~bitrate.128k';
const STREAM = 'codec.aac~bitrate.128k';
const FILM = `${STREAM}~video.720p`;

type Origin = Pick<Config, 'publicOrigin'>;

/** Where a channel is heard, and seen if it has pictures: public links, whole ones where the server knows its own address. */
export function channelLinks(channel: string, hasPictures: boolean, keys: Keys, origin: Origin): Links {
  const link = linksTo({ channel, show: null }, channel, keys, origin);
  return {
    audio: link('live', AUDIO, 'mp3'),
    stream: link('live', hasPictures ? FILM : STREAM, 'mp4'),
    embed: link('embed', `${hasPictures ? FILM : AUDIO}~kind.live`, 'html'),
  };
}

/** Where a show is heard that has ended, and seen if it has pictures. */
export function recordingLinks(name: ShowName, hasPictures: boolean, keys: Keys, origin: Origin): Links {
  const link = linksTo(name, name.show, keys, origin);
  return {
    audio: link('file', AUDIO, 'mp3'),
    stream: link('file', hasPictures ? FILM : STREAM, 'mp4'),
    embed: link('embed', hasPictures ? FILM : AUDIO, 'html'),
  };
}

const linksTo =
  (address: ShowAddress, title: string, keys: Keys, { publicOrigin }: Origin) =>
  (kind: Kind, options: string, extension: string): string =>
    (publicOrigin ?? '') +
    publicLink({ kind, options, source: showAddress(address), name: slug(title, extension) }, keys);
