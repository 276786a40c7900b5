import { gateway } from '../src/gateway/handler.ts';
import { mayPublish } from '../src/ingest/may-publish.ts';
import { channelLinks, recordingLinks } from '../src/relay/ingest-links.ts';

/** Publishers behind API Gateway; the Node server takes them itself. */
export const handler = gateway({
  channel: (channel, hasPictures, { keys, config }) => channelLinks(channel, hasPictures, keys, config),
  recording: (name, hasPictures, { keys, config }) => recordingLinks(name, hasPictures, keys, config),
  mayPublish: (origin, { config }) => mayPublish(origin, null, config),
});
