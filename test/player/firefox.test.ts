import { expect, test } from 'vitest';
import { missingForFirefox, openInFirefox } from '../support/firefox.ts';
import { hear } from './chirp.ts';
import type { Heard } from './chirp.ts';
import { framedAudio, framedOrigin } from './framed-origin.ts';
import type { FramedOrigin, LegFault } from './framed-origin.ts';
import { listenerFiles } from './listening.ts';

const CHIRP = { seconds: 60 };

/** By the count of legs. */
const FAULTS: readonly (LegFault | null)[] = [
  ...[
    { kind: 'cut', after: 6 } as const,
    { kind: 'truncate', after: 3 } as const,
    { kind: 'error', after: 3 } as const,
  ],
  ...[{ kind: 'status', status: 503 } as const, null, { kind: 'reset', after: 5 } as const, null],
  ...[{ kind: 'hang', after: 4 } as const, { kind: 'garbage', after: 2 } as const],
];

/** What is heard in Firefox up to `seconds`, with a restart of the server on the way; null where there is none. */
async function heardIn(
  codec: 'aac' | 'opus',
  fault: FramedOrigin['fault'],
  seconds: number,
): Promise<(Heard & { readonly retries: number }) | null> {
  const missing = missingForFirefox();
  if (missing !== null) {
    console.log(`not tested: ${missing}`);
    return null;
  }
  await using origin = await framedOrigin(await framedAudio(CHIRP, codec), await listenerFiles());
  [origin.legSeconds, origin.pace, origin.fault] = [8, 6, fault];
  await using tab = await openInFirefox(origin.origin);
  await tab.until(`'createListener' in globalThis`);
  await tab.evaluate(`(globalThis.listener = createListener(), listener.play([{ src: '${origin.src}' }]))`);
  await tab.until(`listener.playback.position() > ${seconds / 2}`);
  await origin.restart(700);
  await tab.until(`listener.playback.position() > ${seconds}`);
  await tab.evaluate('listener.post()');
  const { retries } = await tab.evaluate<{ retries: number }>('listener.stats()');
  const heard = { ...hear(await origin.recorded, CHIRP, { at: 0 }), retries };
  console.log({ firefox: tab.version, codec, ...heard });
  return heard;
}

test.each(['aac', 'opus'] as const)(
  'in Firefox faults leave no trace in the sound of %s either',
  async (codec) => {
    const heard = await heardIn(codec, ({ count }) => FAULTS[count - 1] ?? null, 24);
    if (heard === null) return;
    expect(heard.damagedMs).toBe(0);
    expect(heard.seconds).toBeGreaterThan(23);
    expect(heard.retries).toBeGreaterThan(4);
  },
  120_000,
);

test('in Firefox a bad splice trips the measure too', async () => {
  const heard = await heardIn('aac', ({ count }) => (count === 1 ? { kind: 'bad-splice', after: 5 } : null), 7);
  if (heard !== null) expect(heard.damagedMs).toBeGreaterThan(10);
}, 120_000);
