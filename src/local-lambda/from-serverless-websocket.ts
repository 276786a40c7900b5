import { isObject, list } from './from-serverless-resources.ts';
import type { WebSocketSpec } from './websocket/spec.ts';

interface Provider {
  readonly stage?: unknown;
  readonly websocketsApiRouteSelectionExpression?: unknown;
}

/** The WebSocket API that osls makes of `websocket` events, in either spelling; null without any. */
export function webSocketOf(
  { stage, websocketsApiRouteSelectionExpression: expression }: Provider,
  functions: Readonly<Record<string, { readonly events?: unknown }>>,
): WebSocketSpec | null {
  const events = Object.entries(functions).flatMap(([name, { events }]) =>
    list(events).flatMap((event) =>
      isObject(event) && 'websocket' in event ? [{ name, ...eventOf(event['websocket']) }] : [],
    ),
  );
  if (events.length === 0) return null;
  return {
    stage: typeof stage === 'string' ? stage : 'dev',
    routeSelectionExpression: typeof expression === 'string' ? expression : '$request.body.action',
    routes: Object.fromEntries(events.map(({ route, name }) => [route, name])),
    responding: events.filter(({ responds }) => responds).map(({ route }) => route),
  };
}

function eventOf(event: unknown): { readonly route: string; readonly responds: boolean } {
  const { route, routeResponseSelectionExpression } = isObject(event) ? event : { route: event };
  return { route: String(route), responds: routeResponseSelectionExpression !== undefined };
}
