import { describe, expect, it } from 'vitest';
import { sharing } from '../../src/source/sharing.ts';

const never = new AbortController().signal;

describe('sharing', () => {
  it('runs once for all who ask meanwhile, and again for who asks later', async () => {
    let runs = 0;
    const share = sharing((key: string) => Promise.resolve(`${key}${++runs}`));
    expect(await Promise.all([share('a', never, null), share('a', never, null), share('b', never, null)])).toEqual([
      'a1',
      'a1',
      'b2',
    ]);
    expect(await share('a', never, null)).toBe('a3');
  });

  it('goes on while somebody waits, and stops when the last one has left', async () => {
    const stopped = Promise.withResolvers<unknown>();
    const share = sharing((_: string, signal: AbortSignal) => {
      signal.addEventListener('abort', () => stopped.resolve(signal.reason));
      return new Promise<never>(() => undefined);
    });
    const [one, two] = [new AbortController(), new AbortController()];
    const waiting = [share('a', one.signal, null), share('a', two.signal, null)];
    one.abort(new Error('one'));
    await expect(waiting[0]).rejects.toThrow('one');
    expect(await Promise.race([stopped.promise, Promise.resolve('running')])).toBe('running');
    two.abort(new Error('two'));
    await expect(waiting[1]).rejects.toThrow('two');
    expect(await stopped.promise).toBe(two.signal.reason);
  });

  it('gives a failure to everybody, and keeps it for nobody', async () => {
    let fails = true;
    const share = sharing(() => (fails ? Promise.reject(new Error('no')) : Promise.resolve('yes')));
    await expect(Promise.allSettled([share('a', never, null), share('a', never, null)])).resolves.toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
    fails = false;
    expect(await share('a', never, null)).toBe('yes');
  });
});
