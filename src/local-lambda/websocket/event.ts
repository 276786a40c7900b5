/** What an event tells of its connection. */
export interface EventConnection {
  readonly connectionId: string;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  readonly sourceIp: string;
  readonly userAgent: string | null;
  /** `host:port` under which the API was reached. */
  readonly domainName: string;
  readonly stage: string;
}

/** What is new with each event. */
export interface EventTime {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The event of `$connect`: the handshake. */
export const connectEvent = (
  connection: EventConnection,
  { rawHeaders, query }: { readonly rawHeaders: readonly string[]; readonly query: string },
  time: EventTime,
): object => ({
  ...headersOf(rawHeaders),
  ...queryOf(query),
  requestContext: context(connection, { routeKey: '$connect', eventType: 'CONNECT' }, time),
  isBase64Encoded: false,
});

/** The event of a message. It has no headers. */
export const messageEvent = (
  connection: EventConnection,
  { routeKey, messageId, body }: { readonly routeKey: string; readonly messageId: string; readonly body: string },
  time: EventTime,
): object => ({
  requestContext: context(connection, { routeKey, messageId, eventType: 'MESSAGE' }, time),
  body,
  isBase64Encoded: false,
});

/** The event of `$disconnect`: the connection is closed already. */
export const disconnectEvent = (
  connection: EventConnection,
  { code, reason }: { readonly code: number; readonly reason: string },
  time: EventTime,
): object => ({
  ...headersOf(['Host', connection.domainName, 'x-api-key', '', 'X-Forwarded-For', '', 'x-restapi', '']),
  requestContext: context(
    connection,
    {
      routeKey: '$disconnect',
      eventType: 'DISCONNECT',
      disconnectStatusCode: code,
      disconnectReason: reason,
    },
    time,
  ),
  isBase64Encoded: false,
});

function context(connection: EventConnection, own: object, { requestId, now }: EventTime): object {
  const { connectionId, connectedAt, sourceIp, userAgent, domainName, stage } = connection;
  return {
    ...own,
    extendedRequestId: requestId,
    requestTime: logTime(now),
    messageDirection: 'IN',
    stage,
    connectedAt,
    requestTimeEpoch: now,
    identity: { ...(userAgent !== null && { userAgent }), sourceIp },
    requestId,
    domainName,
    connectionId,
    apiId: 'local',
  };
}

/** Fields of the connection itself do not reach the function. */
const HOP = new Set(['connection', 'upgrade']);

function headersOf(rawHeaders: readonly string[]): object {
  const all = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!HOP.has(name.toLowerCase())) all.set(name, [...(all.get(name) ?? []), rawHeaders[at + 1] ?? '']);
  }
  return multiple('headers', 'multiValueHeaders', all);
}

function queryOf(query: string): object {
  const all = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) all.set(name, [...(all.get(name) ?? []), value]);
  return all.size === 0 ? {} : multiple('queryStringParameters', 'multiValueQueryStringParameters', all);
}

const multiple = (last: string, every: string, all: ReadonlyMap<string, readonly string[]>): object => ({
  [last]: Object.fromEntries([...all].map(([name, values]) => [name, values.at(-1)])),
  [every]: Object.fromEntries(all),
});

/** `25/Dec/2026:10:45:28 +0000` */
function logTime(now: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(now).toUTCString()) ?? [];
  return `${day ?? ''}/${month ?? ''}/${year ?? ''}:${time ?? ''} +0000`;
}
