import { BatonError, toBatonError } from '../errors.ts';
import type { Links } from '../ingest/message.ts';
import { refusedRecord, type PublisherRecord } from '../ingest/publisher-record.ts';
import type { ShowName } from '../ingest/show-store.ts';
import { report } from '../lambda/report.ts';
import { awslambda } from '../lambda/runtime.ts';
import { lastingSetup, type Setup } from '../lambda/setup.ts';
import { connections } from './connections.ts';
import { gatewayEvent, type GatewayEvent } from './event.ts';
import { knownListeners } from './listeners.ts';
import { gatewayPublishing, type GatewayPublishing } from './publishing.ts';

/** What API Gateway wants of a route's function; of `$connect` anything but 2xx refuses the handshake. */
export interface GatewayReply {
  readonly statusCode: number;
}

/** Where what is published is heard. */
export interface LinksOf {
  channel(channel: string, hasPictures: boolean, setup: Setup): Links;
  recording(name: ShowName, hasPictures: boolean, setup: Setup): Links;
  /** Whether pages of an origin may publish. */
  mayPublish(origin: string, setup: Setup): boolean;
}

/** The function of all routes of a WebSocket API that publishers connect to. */
export function gateway(links: LinksOf): (event: unknown) => Promise<GatewayReply> {
  const setup = lastingSetup();
  if (awslambda !== undefined) setup().catch(() => undefined); // an invocation that meets the fault tells it
  const client = connections();
  let known: { readonly store: Setup['strictStore']; readonly publishing: GatewayPublishing } | null = null;
  let current: Setup;

  function publishing(): GatewayPublishing {
    const { strictStore: store } = current;
    if (known?.store === store) return known.publishing;
    const facts = () => ({
      keys: current.keys,
      channelLinks: (channel: string, hasPictures: boolean) => links.channel(channel, hasPictures, current),
      recordingLinks: (name: ShowName, hasPictures: boolean) => links.recording(name, hasPictures, current),
      listeners: (channel: string) => knownListeners(store, channel, Date.now()),
    });
    const deps = { store, connections: client, now: Date.now, onFailure: report, note };
    const made = gatewayPublishing(deps, facts);
    known = { store, publishing: made };
    return made;
  }

  return async (given) => {
    const event = gatewayEvent(given);
    if (event === null) return { statusCode: 400 };
    current = await setup(keyPath(event)).catch((thrown: unknown) => {
      const error = toBatonError(thrown);
      report(error);
      throw error;
    });
    switch (event.kind) {
      case 'connect':
        if (event.origin === null || links.mayPublish(event.origin, current)) return { statusCode: 200 };
        note(refusedRecord(Date.now(), 'websocket', null, new BatonError('ORIGIN_REFUSED', event.origin)));
        return { statusCode: 403 };
      case 'message':
        await publishing().receive(event.connectionId, event.text);
        break;
      case 'disconnect':
        await publishing().gone(event.connectionId);
    }
    return { statusCode: 200 };
  };
}

/** One line of the function's log; not by console.log, which puts other text before the JSON. */
const note = (record: PublisherRecord): void => void process.stdout.write(`${JSON.stringify(record)}\n`);

/** Where the setup looks for the id of a key, so that a token of a new one is known at once. */
function keyPath(event: GatewayEvent): string | undefined {
  const kid = event.kind === 'message' ? /"token"\s*:\s*"([a-z0-9]{1,8})\./.exec(event.text)?.[1] : undefined;
  return kid === undefined ? undefined : `/ingest/${kid}.`;
}
