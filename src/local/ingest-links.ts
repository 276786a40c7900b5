import type { Config } from '../config.ts';
import type { Links } from '../ingest/message.ts';
import type { ShowName } from '../ingest/show-store.ts';
import type { Keys } from '../sign/keys.ts';
import { showAddress } from '../show-address.ts';
import { newLink, newLiveLink } from './new-link.ts';

const RENDITION = { codec: 'mp3', bitrate: '128k' } as const;

/** Where a channel is heard: public links, whole ones where the server knows its own address. */
export function channelLinks(channel: string, keys: Keys, { publicOrigin }: Pick<Config, 'publicOrigin'>): Links {
  const ask = { url: showAddress({ channel, show: null }), rendition: RENDITION, name: channel };
  const { endless, framed, embed } = newLiveLink(ask, null, { frames: null, theme: null }, keys);
  return absolute({ audio: endless ?? framed, stream: framed, embed }, publicOrigin);
}

/** Where a show is heard that has ended. */
export function recordingLinks(name: ShowName, keys: Keys, { publicOrigin }: Pick<Config, 'publicOrigin'>): Links {
  const { file, framed, embed } = newLink({ url: showAddress(name), rendition: RENDITION, name: name.show }, keys);
  return absolute({ audio: file, stream: framed ?? file, embed }, publicOrigin);
}

const absolute = ({ audio, stream, embed }: Links, origin: string | null): Links => ({
  audio: `${origin ?? ''}${audio}`,
  stream: `${origin ?? ''}${stream}`,
  embed: `${origin ?? ''}${embed}`,
});
