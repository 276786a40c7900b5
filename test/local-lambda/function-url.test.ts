import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { settled } from '../support/leaks.ts';
import { startPace } from './pace.ts';
import { startWeb, type Web } from './start-web.ts';

let web: Web;
beforeAll(async () => {
  web = await startWeb();
});
afterAll(() => web[Symbol.asyncDispose]());

const json = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

describe('a RESPONSE_STREAM function URL', () => {
  it('sends parts as they are made, chunked, with the status and cookies of the prelude', async () => {
    await using pace = await startPace();
    const response = await fetch(web.url('streamed', `/ok?pace=${encodeURIComponent(pace.url)}`));
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    let text = '';
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(bytes).toString();
      pace.arrived();
    }
    expect(text).toBe('part 0\npart 1\npart 2\npart 3\n');
  });

  it('renames the headers that the service keeps for itself, and drops those about the transfer', async () => {
    const { headers } = await get(web.url('streamed', '/ok'));
    expect(headers).toMatchObject({
      'transfer-encoding': 'chunked',
      'x-amzn-remapped-content-length': '999',
      'x-amzn-remapped-date': 'never',
      'x-own': 'yes',
      'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/) as string,
    });
    expect(headers).not.toHaveProperty('content-length');
    expect(headers).not.toHaveProperty('trailer');
    expect(headers.date).not.toBe('never');
  });

  it('answers 502 to a failure before the first byte, and cuts the body after one', async () => {
    const early = await get(web.url('streamed', '/early'));
    expect(early).toMatchObject({ status: 502, complete: true });
    expect(json(early.bytes)).toEqual({ Message: 'Internal Server Error' });
    expect(early.headers['x-amzn-errortype']).toBe('InternalServerErrorException');
    const boom = await get(web.url('streamed', '/boom'));
    expect(boom).toMatchObject({ status: 201, complete: false });
    expect(boom.bytes.toString()).toBe('part 0\npart 1\n');
    expect(web.lines.map(({ text }) => text)).toContain('Function URL: the response was cut: boom');
  });

  it.each([
    ['/header', /HTTP does not allow/],
    ['/long', /first 16384 bytes/],
  ])('answers 502 to the prelude of %s and says why in the log', async (path, reason) => {
    expect((await get(web.url('streamed', path))).status).toBe(502);
    expect(web.lines.some(({ text }) => reason.test(text))).toBe(true);
  });

  it('loses the status of a function that never writes, as AWS does', async () => {
    const { status, bytes, complete } = await get(web.url('streamed', '/unwritten'));
    expect({ status, size: bytes.length, complete }).toEqual({ status: 200, size: 0, complete: true });
  });

  it('sends HEAD no body', async () => {
    const { status, bytes, headers } = await get(web.url('streamed', '/ok'), { method: 'HEAD' });
    expect({ status, size: bytes.length, own: headers['x-own'] }).toEqual({ status: 201, size: 0, own: 'yes' });
  });

  it('does not tell the function that the client has left', async () => {
    const wrote = (): number => web.lines.filter(({ text }) => text.includes('wrote all of /left')).length;
    const { complete } = await get(web.url('streamed', '/left'), { leaveAfter: 1 });
    expect(complete).toBe(false);
    expect(wrote()).toBe(0);
    expect(await settled(wrote, (count) => count > 0)).toBe(1);
  });
});

describe('a BUFFERED function URL', () => {
  it('gives the function the event of payload format 2.0', async () => {
    const asked = await fetch(web.url('buffered', '/event?a=1&b=%20&a=2'), {
      method: 'POST',
      headers: { cookie: 'k=v; l=w', 'X-Twice': 'one', 'content-type': 'application/json' },
      body: '{"x":1}',
    });
    const event = (await asked.json()) as Record<string, unknown>;
    const { origin, host } = new URL(web.url('buffered'));
    expect(event).toMatchObject({
      ...{ version: '2.0', routeKey: '$default', rawPath: '/event', rawQueryString: 'a=1&b=%20&a=2' },
      ...{ cookies: ['k=v', 'l=w'], queryStringParameters: { a: '1,2', b: ' ' } },
      ...{ body: '{"x":1}', isBase64Encoded: false },
      headers: { host, 'x-twice': 'one', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-port': new URL(origin).port },
      requestContext: {
        ...{ accountId: 'anonymous', domainName: host, stage: '$default', routeKey: '$default' },
        http: { method: 'POST', path: '/event', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'node' },
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/) as string,
      },
    });
    expect(event['headers']).not.toHaveProperty('cookie');
  });

  it('gives the request one id: for the client, the function and the log', async () => {
    const { headers, bytes } = await get(web.url('buffered', '/event'));
    const id = String(headers['x-amzn-requestid']);
    expect(json(bytes)).toMatchObject({ requestContext: { requestId: id } });
    expect(web.lines.map(({ text }) => text)).toContain(`START RequestId: ${id} Version: $LATEST`);
  });

  it('hands on a path as it stands, a binary body in base64, and repeated headers joined', async () => {
    const { hostname, port } = new URL(web.url('buffered'));
    const message = request({
      hostname,
      port,
      path: '/event/../a%2Fb//',
      method: 'PUT',
      headers: { 'X-A': ['1', '2'] },
    });
    const body = new Promise<string>((resolve, reject) => {
      message.on('error', reject).on('response', (response) => {
        let text = '';
        response.on('data', (bytes: Buffer) => (text += bytes.toString())).on('end', () => resolve(text));
      });
    });
    message.end(Buffer.from([0, 255]));
    const { echo } = JSON.parse(await body) as { echo: { headers: Record<string, string> } };
    expect(echo).toMatchObject({ rawPath: '/event/../a%2Fb//', body: 'AP8=', isBase64Encoded: true });
    expect(echo.headers['x-a']).toBe('1,2');
  });

  it('decodes the body, computes its length and renames headers', async () => {
    const { status, headers, bytes } = await get(web.url('buffered', '/binary'));
    expect({ status, bytes: [...bytes] }).toEqual({ status: 203, bytes: [0, 255, 1] });
    expect(headers).toMatchObject({ 'content-length': '3', 'x-amzn-remapped-server': 'mine', 'set-cookie': ['c=3'] });
    expect(headers['keep-alive']).not.toBe('x');
  });

  it('takes any other value for the body of a 200', async () => {
    const { status, headers, bytes } = await get(web.url('buffered', '/value'));
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json' });
    expect(json(bytes)).toMatchObject({ echo: { rawPath: '/value' } });
  });

  it.each(['/status', '/body', '/throw'])('answers 502 to %s', async (path) => {
    expect((await get(web.url('buffered', path))).status).toBe(502);
  });

  it('answers 502 to a streaming handler', async () => {
    expect((await get(web.url('streamed-buffered', '/ok'))).status).toBe(502);
  });

  it('lets the length stand that a function gives for HEAD', async () => {
    const { headers, bytes } = await get(web.url('buffered', '/head'), { method: 'HEAD' });
    expect({ length: headers['content-length'], size: bytes.length }).toEqual({ length: '123456', size: 0 });
  });
});
