/** One metric of a Server-Timing header. */
export interface ServerMetric {
  readonly name: string;
  readonly durationMs: number | null;
  readonly description: string;
}

/** The metrics of a Server-Timing header (W3C Server Timing 3); what is not understood is left out. */
export function parseServerTiming(header: string | null): readonly ServerMetric[] {
  return (header ?? '').match(METRIC)?.flatMap(metric) ?? [];
}

const METRIC = /(?:"(?:[^"\\]|\\.)*"|[^,"])+/g;
const PARAMETER = /;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g;

function metric(text: string): ServerMetric[] {
  const name = /^\s*([\w-]+)/.exec(text)?.[1];
  if (name === undefined) return [];
  const parameters = new Map<string, string>();
  for (const [, key = '', quoted, bare] of text.matchAll(PARAMETER)) {
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '');
  }
  const duration = Number.parseFloat(parameters.get('dur') ?? '');
  return [{ name, durationMs: Number.isFinite(duration) ? duration : null, description: parameters.get('desc') ?? '' }];
}
