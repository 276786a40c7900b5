/** A WebSocket API of API Gateway. */
export interface WebSocketSpec {
  /** The path of its address: `wss://<host>/<stage>`. */
  readonly stage: string;
  /** Where in a message its route stands: `$request.body.<path>`. */
  readonly routeSelectionExpression: string;
  /** Names of functions by route key: `$connect`, `$disconnect`, `$default`, and any other. */
  readonly routes: Readonly<Record<string, string>>;
  /** Routes with a route response: what the function returns as `body` goes to the client. */
  readonly responding?: readonly string[];
  /** AWS's where not given. */
  readonly limits?: Partial<WebSocketLimits>;
  /** How far messages may overtake one another on the way to their functions; 40 ms unless given, 0: not at all. */
  readonly disorder?: { readonly mostMs: number; readonly seed: number };
}

/** The limits of the service. Tests shrink them. */
export interface WebSocketLimits {
  /** The payload of a frame... */
  readonly frameBytes: number;
  /** ...and of a message, in either direction. */
  readonly messageBytes: number;
  /** Without a message in either direction. */
  readonly idleMs: number;
  /** Of a connection. */
  readonly lifetimeMs: number;
  /** What a route's function may take, whatever its own timeout. */
  readonly integrationMs: number;
  /** Characters of the address. */
  readonly addressLength: number;
}

const KIB = 1024;
const MINUTE_MS = 60_000;

/** As AWS documents them (API Gateway Developer Guide, "Quotas for configuring and running a WebSocket API"). */
export const WEBSOCKET_LIMITS: WebSocketLimits = {
  frameBytes: 32 * KIB,
  messageBytes: 128 * KIB,
  idleMs: 10 * MINUTE_MS,
  lifetimeMs: 120 * MINUTE_MS,
  integrationMs: 29_000,
  addressLength: 4096,
};

export const DISORDER = { mostMs: 40, seed: 1 } as const;
