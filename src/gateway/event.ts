import { Buffer } from 'node:buffer';

/** What of an event of a WebSocket API concerns Baton. */
export type GatewayEvent =
  | { readonly kind: 'connect'; readonly connectionId: string; readonly origin: string | null }
  | { readonly kind: 'message'; readonly connectionId: string; readonly text: string }
  | { readonly kind: 'disconnect'; readonly connectionId: string };

/** Reads an event of API Gateway's WebSocket APIs; null for what is none, as Invoke passes on any JSON. Never throws. */
export function gatewayEvent(event: unknown): GatewayEvent | null {
  const { requestContext, headers, body, isBase64Encoded } = fields(event);
  const { eventType, connectionId } = fields(requestContext);
  if (typeof connectionId !== 'string' || connectionId === '') return null;
  switch (eventType) {
    case 'CONNECT':
      return { kind: 'connect', connectionId, origin: originIn(fields(headers)) };
    case 'MESSAGE': {
      const written = typeof body === 'string' ? body : '';
      const text = isBase64Encoded === true ? Buffer.from(written, 'base64').toString() : written;
      return { kind: 'message', connectionId, text };
    }
    case 'DISCONNECT':
      return { kind: 'disconnect', connectionId };
    default:
      return null;
  }
}

/** Names come in any case: a client writes `Origin`, HTTP/2 in between `origin`. */
function originIn(headers: Readonly<Record<string, unknown>>): string | null {
  const [, origin] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'origin') ?? [];
  return typeof origin === 'string' ? origin : null;
}

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
