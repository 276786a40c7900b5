import type { PublisherRecord } from '../ingest/publisher-record.ts';
import { createPublishing, type Publishing } from '../ingest/publishing.ts';
import type { Baton } from '../relay/baton.ts';
import { channelLinks, recordingLinks } from '../relay/ingest-links.ts';
import { showAddress } from '../show-address.ts';
import type { Milliseconds } from '../units.ts';

/** MP3 and AAC have to be read through for it; who listens before that is done gets them without a length. */
const MEASURE_MS: Milliseconds = 10_000;

/**
 * Takes publishers for the channels of `baton`; `note` hears of them, one line of the log each time. `basePath` is what
 * links begin with where the server does not know its own address.
 */
export function publishingOf(
  { ingest, keys, config, channels, sources, now }: Baton,
  note: (record: PublisherRecord) => void,
  basePath = '',
): Publishing {
  const from = { publicOrigin: config.publicOrigin ?? basePath };
  return createPublishing({
    ...{ ingest, keys, now, note, maxPublishers: config.maxPublishers },
    listeners: (channel) => listenersOf(channels, channel),
    channelLinks: (channel, hasPictures) => channelLinks(channel, hasPictures, keys, from),
    recordingLinks: (name, hasPictures) => recordingLinks(name, hasPictures, keys, from),
    measure: async (name) => {
      const signal = AbortSignal.timeout(MEASURE_MS);
      const measured = sources.open(showAddress(name), signal).then((source) => sources.indexed(source, signal));
      await measured.catch(() => undefined);
    },
  });
}

/** Legs under way, of all renditions. */
function listenersOf(channels: Baton['channels'], channel: string): number {
  const address = showAddress({ channel, show: null });
  const streams = channels.list().flatMap((each) => (each.urls.includes(address) ? [...each.streams.values()] : []));
  return streams.reduce((sum, stream) => sum + stream.holders(), 0);
}
