import { feedScanner } from '../media/rss.ts';
import { feedText, SNIFFED } from '../media/feed-text.ts';
import { take } from '../source/take.ts';
import type { Bytes } from '../units.ts';
import { byteWindow } from './byte-window.ts';
import type { FeedPlanner, Plan } from './feed-plan.ts';

/** How much of a feed may wait for what is found out about an item. */
const WINDOW: Bytes = 2 ** 20;
/** Longer strings live long. */
const STEP: Bytes = 16_384;

/**
 * The feed in `body` with the edits of `planner`, and every other byte as it is. Holds no more than a mebibyte of it; an
 * item longer than that stays as it is. Throws what `body` does; FEED_INVALID and FEED_DTD, at its start before the first
 * byte leaves.
 */
export async function* spliced(
  body: AsyncGenerator<Uint8Array, void>,
  planner: FeedPlanner,
): AsyncGenerator<Uint8Array, void> {
  const head = await take(body, SNIFFED);
  const text = feedText(head);
  const scanner = feedScanner((stretch) => text.decode(stretch));
  const window = byteWindow();
  const plans: Plan[] = [];

  function read(bytes: Uint8Array): void {
    window.push(bytes);
    for (let at = 0; at < bytes.length; at += STEP)
      for (const part of scanner.write(text.read(bytes.subarray(at, at + STEP)))) plans.push(planner.plan(part));
  }

  function move(end: Bytes, out: Uint8Array[]): void {
    for (const piece of window.take(end)) out.push(piece);
  }

  /** Moves what is decided into `out`. Gives what has to be waited for before anything else can be. */
  function advance(isEnd: boolean, out: Uint8Array[]): Promise<unknown> | null {
    for (;;) {
      const [plan] = plans;
      if (plan === undefined) {
        const held = isEnd ? null : scanner.openItem();
        move(held === null ? Infinity : text.offset(held), out);
        if (window.size() <= WINDOW) return null;
        scanner.skipItem();
        continue;
      }
      move(text.offset(plan.from), out);
      const pressure = isEnd ? 'end' : window.size() > WINDOW ? 'full' : 'none';
      const decision = plan.decide(pressure);
      if ('wait' in decision) return pressure === 'none' ? null : decision.wait;
      plans.shift();
      for (const { start, end, text: inserted } of decision.edits) {
        move(text.offset(start), out);
        out.push(text.encode(inserted));
        window.take(text.offset(end));
      }
    }
  }

  async function* decided(isEnd: boolean): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const out: Uint8Array[] = [];
      const wait = advance(isEnd, out);
      if (out.length > 0) yield out.length === 1 && out[0] !== undefined ? out[0] : Buffer.concat(out);
      if (wait === null) return;
      await wait;
    }
  }

  read(head);
  yield* decided(false);
  for await (const bytes of body) {
    read(bytes);
    yield* decided(false);
  }
  scanner.end();
  yield* decided(true);
}
