import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startLocalLambda } from '../../src/local-lambda/local-lambda.ts';
import { get } from '../support/client.ts';

it('serves a rebuilt bundle after refresh, and says which port is taken', async () => {
  const taskRoot = await mkdtemp(join(tmpdir(), 'refresh-'));
  const write = (text: string) => writeFile(join(taskRoot, 'it.mjs'), `export const handler = async () => '${text}';`);
  await write('old');
  const spec = { taskRoot, memoryMb: 128, timeoutSeconds: 5, environment: {}, maxEnvironments: 2 };
  const functions = [{ ...spec, name: 'it', handler: 'it.handler', url: 'BUFFERED' as const }];
  const local = await startLocalLambda({ functions, log: () => undefined });
  try {
    const url = local.functionUrls.get('it') ?? '';
    const ask = async () => (await get(url)).bytes.toString();
    expect(await ask()).toBe('"old"');
    await write('new');
    local.functions.get('it')?.refresh();
    expect(await ask()).toBe('"new"');
    const port = Number(new URL(url).port);
    await expect(startLocalLambda({ functions, ports: { urls: { it: port } }, log: () => undefined })).rejects.toThrow(
      `port ${port} is in use`,
    );
  } finally {
    await local.stop();
    await rm(taskRoot, { recursive: true, force: true });
  }
});
