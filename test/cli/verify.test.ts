import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKS, type Result } from '../../src/verify/verify.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { startProxy } from '../verify/bad-proxy.ts';
import { runBaton, serveBaton, type Serving } from './run-baton.ts';

let data = '';
let origin: Origin;
let server: Serving;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'baton-test-'));
  origin = await startOrigin((await source('cbr.mp3', { seconds: 20 })).bytes);
  server = await serveBaton(data, [], { BATON_ALLOW_ORIGINS: origin.origin });
});
afterAll(async () => {
  await server.stop();
  await origin.close();
  await rm(data, { recursive: true, force: true });
});

describe('baton verify', () => {
  it('checks a deployment with links of its own: one line for each check, exit code 0', async () => {
    const { code, stdout } = await runBaton(['verify', server.origin, '--source', origin.url(), '--data', data]);
    expect(stdout).toContain('Nothing failed.');
    expect(code).toBe(0);
    for (const { title } of CHECKS) expect(stdout).toContain(title);
    expect(stdout).toMatch(/^ok +Expired link +410 LINK_EXPIRED$/m);
    expect(stdout).toMatch(/^n\.a\. +Order of events/m);
    expect(stdout).not.toContain('FAIL');
  });

  it('checks a whole link, without keys as well', async () => {
    const link = (await runBaton(['link', origin.url(), '--bitrate', '64k', '--data', data])).stdout.trim();
    const { code, stdout } = await runBaton(['verify', link, '--data', data, '--json']);
    const { ok, results } = JSON.parse(stdout) as { ok: boolean; results: Result[] };
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(results.find(({ id }) => id === 'expired')).toMatchObject({ result: 'ok' });
    const stranger = await runBaton(['verify', link, '--json', '--max-mb', '0.05'], { BATON_DATA: join(data, 'none') });
    expect(stranger.code).toBe(0);
    const seen = (JSON.parse(stranger.stdout) as { results: Result[] }).results;
    expect(seen.find(({ id }) => id === 'expired')).toMatchObject({ result: 'n.a.' });
    expect(seen.find(({ id }) => id === 'whole')).toMatchObject({ result: 'note' });
  });

  it('ends with 1 when something fails, and says what it means and what to do', async () => {
    await using proxy = await startProxy(server.origin, {
      response: ({ headers }) => void (headers['etag'] = undefined),
    });
    const { code, stdout, stderr } = await runBaton(['verify', proxy.origin, '--source', origin.url(), '--data', data]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL +HEAD +ETag: missing\n +Resuming needs a strong ETag\..*turn compression off/m);
    expect(stdout).toMatch(/^[3-9] of \d+ checks failed\.$/m);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('ends with 1 soon when nobody answers', async () => {
    const { code, stdout } = await runBaton(['verify', 'http://127.0.0.1:9', '--source', origin.url(), '--data', data]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAIL +First byte, cold +no answer: .*ECONNREFUSED/);
    expect(stdout).toContain('1 of ');
  });

  it.each([
    [['nowhere'], /"nowhere" is no http or https address/],
    [['ftp://example.com/'], /no http or https address/],
    [['https://example.com'], /Give a whole link, or --source/],
    [['https://example.com', '--source', 'https://example.com/a.mp3', '--options', 'codec.mp3'], /Bitrate must be/],
    [['https://example.com', '--max-mb', '0'], /number above 0/],
  ])('refuses %j in a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await runBaton(['verify', ...args, '--data', data]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
  });

  it('without keys asks for them', async () => {
    const args = ['verify', 'https://example.com', '--source', 'https://example.com/a.mp3'];
    const { code, stderr } = await runBaton(args, { BATON_DATA: join(data, 'none') });
    expect(code).toBe(2);
    expect(stderr).toMatch(/signed with the keys of the deployment/);
  });
});
