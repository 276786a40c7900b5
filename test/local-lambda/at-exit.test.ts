import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('a cleanup that throws at exit does not keep the others from theirs', async () => {
  const module = new URL('../../src/local-lambda/runtime/at-exit.ts', import.meta.url).href;
  const script = `
    import { atExit } from '${module}';
    atExit(() => console.log('first'));
    atExit(() => { throw new Error('no'); });
    atExit(() => console.log('forgotten'))();
    atExit(() => console.log('last'));
    process.exit(7);`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  await expect(run).rejects.toMatchObject({ code: 7, stdout: 'first\nlast\n', stderr: '' });
});
