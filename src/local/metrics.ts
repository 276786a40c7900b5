import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PublisherRecord } from '../ingest/publisher-record.ts';
import type { Publishing } from '../ingest/publishing.ts';
import type { UsageRecord } from '../meter/usage.ts';
import type { Baton } from '../relay/baton.ts';
import type { App } from '../relay/reply.ts';
import { publisherMetrics } from './publisher-metrics.ts';

/** What a server counts, for Prometheus. */
export interface Metrics {
  /** Counts a response that is over. */
  count(record: UsageRecord): void;
  /** Counts a publisher who went on air, left, or was refused. */
  publisher(record: PublisherRecord): void;
  /** Answers with everything, in Prometheus' text format, and with what `baton` and its publishers are at. */
  readonly appOf: (baton: Baton, publishing: Publishing) => App;
}

const SOURCE_STATES = ['connecting', 'source', 'fallback', 'silence'] as const;
const FIRST_AUDIO_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of the responses of a server and of its channels; a channel is named by the host and path of its source. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const named = (name: string, help: string, labelNames: readonly string[] = []) => ({
    ...{ name: `baton_${name}`, help, labelNames, registers },
  });
  const responses = new Counter(named('responses_total', 'Responses that are over', ['kind', 'outcome', 'status']));
  const bytes = new Counter(named('response_bytes_total', 'Bytes of responses, those under way included', ['kind']));
  const cpu = new Counter(
    named('encoder_cpu_seconds_total', 'Processor time of encoders, noted when a response is over', ['kind']),
  );
  const chunks = new Counter(
    named('chunks_total', 'Chunks by where they came from, noted when a response is over', ['kind', 'from']),
  );
  const firstAudio = new Histogram({
    ...named('first_audio_seconds', 'From the request to its first sound', ['kind']),
    buckets: FIRST_AUDIO_SECONDS,
  });
  const underWay = new Gauge(named('responses', 'Responses under way, channels left out'));
  const listeners = new Gauge(named('listeners', 'Legs of channels under way'));
  const legs = new Gauge(named('channel_legs', 'Legs of a channel under way', ['channel', 'rendition']));
  const sources = new Gauge(
    named('channel_source', '1 for what a channel is fed from at present', ['channel', 'state']),
  );
  const retries = new Gauge(named('channel_source_connections', 'Connections made to a source so far', ['channel']));
  const takeOvers = new Gauge(
    named('channel_take_overs', 'How often this process began to make the chunks', ['channel', 'rendition']),
  );
  const publishers = publisherMetrics(named);

  function look({ admission, channels, listeners: door, sent }: Baton): void {
    bytes.reset();
    for (const [kind, count] of sent) bytes.inc({ kind }, count);
    underWay.set(admission.count());
    listeners.set(door.count());
    for (const gauge of [legs, sources, retries, takeOvers]) gauge.reset();
    for (const { urls, channel, streams } of channels.list()) {
      const { host, pathname } = new URL(urls[0]);
      const name = host + pathname;
      for (const state of SOURCE_STATES) sources.inc({ channel: name, state }, Number(channel.sourceState() === state));
      retries.inc({ channel: name }, channel.connections());
      for (const [rendition, stream] of streams) {
        const labels = { channel: name, rendition: rendition.slice(rendition.indexOf(' ') + 1) };
        legs.inc(labels, stream.holders());
        takeOvers.inc(labels, stream.takeOvers());
      }
    }
  }

  return {
    count: (record) => {
      const { kind, outcome, status, firstAudioMs, encoderCpuMs, chunksEncoded, chunksStored } = record;
      responses.inc({ kind, outcome, status });
      cpu.inc({ kind }, encoderCpuMs / 1000);
      chunks.inc({ kind, from: 'encoder' }, chunksEncoded);
      chunks.inc({ kind, from: 'store' }, chunksStored);
      if (firstAudioMs !== null) firstAudio.observe({ kind }, firstAudioMs / 1000);
    },
    publisher: (record) => publishers.count(record),
    appOf: (baton, publishing) => async () => {
      look(baton);
      publishers.look(publishing, baton.ingest);
      const body = Buffer.from(await registry.metrics());
      const headers = { 'content-type': registry.contentType, 'cache-control': 'no-store' };
      return { status: 200, headers: { ...headers, 'content-length': String(body.length) }, body };
    },
  };
}
