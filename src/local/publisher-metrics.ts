import { Counter, Gauge, type Registry } from 'prom-client';
import type { Ingest } from '../ingest/ingest.ts';
import type { PublisherRecord } from '../ingest/publisher-record.ts';
import type { Publishing } from '../ingest/publishing.ts';

/** What a server counts of its publishers. */
export interface PublisherMetrics {
  count(record: PublisherRecord): void;
  /** Brings up to date what is not counted by records. */
  look(publishing: Publishing, ingest: Ingest): void;
}

/** A metric of this name, with its labels, in the registry. */
export type Named = (
  name: string,
  help: string,
  labelNames?: readonly string[],
) => { name: string; help: string; labelNames: readonly string[]; registers: Registry[] };

export function publisherMetrics(named: Named): PublisherMetrics {
  const publishers = new Gauge(named('publishers', 'Publishers who are connected, by what comes from them', ['state']));
  const onAir = new Counter(named('publishers_on_air_total', 'Publishers who have got their channel', ['via']));
  const resumes = new Counter(named('publisher_resumes_total', 'Publishers who went on with their show'));
  const takeOvers = new Counter(named('publisher_take_overs_total', 'Publishers for whom another one was sent away'));
  const refused = new Counter(
    named('publishers_refused_total', 'Publishers who were sent away before they had a channel', ['code']),
  );
  const left = new Counter(named('publishers_left_total', 'Publishers who had a channel and left', ['reason']));
  const messages = new Counter(named('publisher_messages_total', 'Messages with sound or pictures that were taken'));
  const bytes = new Counter(named('publisher_bytes_total', 'Bytes of sound and pictures that were taken'));
  const recordings = new Counter(named('recordings_total', 'Shows that have ended and can be heard again'));

  return {
    count: (record) => {
      switch (record.event) {
        case 'on-air':
          onAir.inc({ via: record.via });
          if (record.resumes > 0) resumes.inc();
          if (record.tookOver) takeOvers.inc();
          break;
        case 'left':
          left.inc({ reason: record.reason });
          break;
        case 'refused':
          refused.inc({ code: record.error });
      }
    },
    look: (publishing, ingest) => {
      for (const [state, count] of Object.entries(publishing.states())) publishers.set({ state }, count);
      const taken = publishing.taken();
      for (const [counter, count] of [
        [messages, taken.messages],
        [bytes, taken.bytes],
        [recordings, ingest.finished()],
      ] as const) {
        counter.reset();
        counter.inc(count);
      }
    },
  };
}
