import { createHmac } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { edgeCode } from '../../src/package/edge-code.ts';

/** What a CloudFront Function made of a request. */
export interface Verdict {
  /** `OK`, or the code of the error it answered with. */
  readonly code: string;
  /** The path that goes on, when the request does. */
  readonly uri: string;
  /** What goes on with it. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: the one of the cache behaviour. */
  readonly originId: string | null;
  readonly response: { statusCode: number; headers: Record<string, { value: string }>; body: { data: string } } | null;
}

type Values = Readonly<Record<string, { readonly value: string }>>;

export interface Viewer {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Unix time, in seconds. */
  readonly now: number;
}

/**
 * The built CloudFront Function in a realm of its own that has the language, Buffer, and stand-ins for the modules
 * `cloudfront` (a KeyValueStore with `keys`) and `crypto` (HMAC), and nothing else: no process, no timers, no fetch, no
 * code from strings. Not CloudFront's own engine: that runs nowhere else.
 */
export async function edgeRuntime(keys: ReadonlyMap<string, string>) {
  const code = await edgeCode();
  const selected: string[] = [];
  const modules = {
    cloudfront: {
      kvs: () => ({
        get: (key: string) =>
          keys.has(key) ? Promise.resolve(keys.get(key)) : Promise.reject(new Error('KeyNotFound')),
      }),
      selectRequestOriginById: (id: string) => void selected.push(id),
    },
    crypto: {
      createHmac: (algorithm: string, secret: Buffer) => {
        const hmac = createHmac(algorithm, secret);
        return { update: (text: string) => (hmac.update(text), { digest: (as: 'base64url') => hmac.digest(as) }) };
      },
    },
  };
  const clock = { seconds: 0 };
  const realm = createContext(
    { modules, Buffer: { from: (text: string, encoding: 'base64url') => Buffer.from(text, encoding) }, clock },
    { codeGeneration: { strings: false, wasm: false } },
  );
  runInContext('Date.now = () => clock.seconds * 1000; Math.random = undefined;', realm);
  const script = code.replace(/^import (\w+) from "(\w+)";$/gm, 'const $1 = modules["$2"];');
  const handler = runInContext(`(() => { 'use strict'; ${script}; return handler; })()`, realm) as (
    event: object,
  ) => Promise<{ readonly uri: string; readonly headers: Values } | NonNullable<Verdict['response']>>;

  return async (target: string, { method = 'GET', headers = {}, now }: Viewer): Promise<Verdict> => {
    selected.length = 0;
    clock.seconds = now;
    const result = await handler({ version: '1.0', request: request(target, method, headers) });
    const originId = selected[0] ?? null;
    if ('uri' in result) {
      const sent = Object.entries(result.headers).map(([name, { value }]) => [name, value] as const);
      return { code: 'OK', uri: result.uri, headers: Object.fromEntries(sent), originId, response: null };
    }
    const { code } = JSON.parse(result.body.data) as { code: string };
    return { code, uri: '', headers: {}, originId, response: result };
  };
}

/** As CloudFront takes a request target apart. */
function request(target: string, method: string, headers: Readonly<Record<string, string>>): object {
  const mark = target.includes('?') ? target.indexOf('?') : target.length;
  const query = target.slice(mark + 1);
  const pairs = query.split('&').filter((pair) => pair !== '');
  const nameOf = (pair: string): string => pair.split('=', 1)[0] ?? '';
  const repeated = pairs.map(nameOf).filter((name, at, names) => names.indexOf(name) !== at);
  return {
    method,
    uri: target.slice(0, mark),
    querystring: Object.fromEntries(
      pairs.map((pair) => {
        const value = pair.slice(pair.indexOf('=') + 1);
        return [nameOf(pair), { value, ...(repeated.includes(nameOf(pair)) && { multiValue: [{ value }] }) }];
      }),
    ),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value }])),
    cookies: {},
  };
}
