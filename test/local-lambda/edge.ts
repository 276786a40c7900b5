import { startCloudFront, type CloudFront } from '../../src/local-lambda/cloudfront/cloudfront.ts';
import type { CloudFrontSpec } from '../../src/local-lambda/cloudfront/spec.ts';
import { listenOnLoopback, type Answer } from '../../src/local-lambda/http/listen.ts';
import { get, type Ask } from '../support/client.ts';

export interface Edge extends AsyncDisposable {
  readonly edge: CloudFront;
  readonly said: readonly string[];
  /** What reached the origins: `a GET /path bytes=0-1`. */
  readonly asked: readonly string[];
  get(path: string, ask?: Ask): ReturnType<typeof get>;
}

/** CloudFront mode in front of two HTTP servers in the place of function URLs; origins `a` and `b`. */
export async function startEdge(origin: Answer, spec: Partial<CloudFrontSpec> = {}): Promise<Edge> {
  const asked: string[] = [];
  const said: string[] = [];
  const start = (name: string) =>
    listenOnLoopback(0, (incoming, response) => {
      asked.push([name, incoming.method, incoming.url, incoming.headers.range].filter(Boolean).join(' '));
      return origin(incoming, response);
    });
  const [a, b] = await Promise.all([start('a'), start('b')]);
  const edge = await startCloudFront(
    {
      behaviours: [{ pathPattern: '*', origin: 'a', viewerRequest: null }],
      origins: { a: 'one', b: 'two' },
      keyValues: {},
      ...spec,
    },
    {
      functionUrls: new Map([
        ['one', a.origin],
        ['two', b.origin],
      ]),
      port: 0,
      log: ({ text }) => said.push(text),
    },
  );
  return {
    edge,
    said,
    asked,
    get: (path, ask) => get(edge.origin + path, ask),
    [Symbol.asyncDispose]: async () => void (await Promise.all([edge, a, b].map((each) => each.stop()))),
  };
}
