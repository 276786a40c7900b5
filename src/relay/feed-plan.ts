import { orAbort } from '../or-abort.ts';
import { PODCAST_NAMESPACE, podcastPrefix, type Scope } from '../media/rss-namespaces.ts';
import type { FeedItem, FeedRoot } from '../media/rss-items.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Milliseconds } from '../units.ts';
import type { FeedBook, Wanted } from './feed-book.ts';
import { additions, enclosureEdits, liveItem, type Edit, type Known } from './feed-edits.ts';
import type { FeedLinks } from './feed-links.ts';
import { isDue, lengthsOf, UNKNOWN_ENCLOSURE } from './feed-record.ts';
import { enclosureSource } from './feed-source.ts';

/** What becomes of a stretch of a feed. */
export interface Plan {
  /** Nothing behind this character may leave before it is decided. */
  readonly from: number;
  /** The edits, or what has to be waited for (null: more of the feed). `full`: too much waits already; `end`: nothing follows. */
  decide(
    pressure: 'none' | 'full' | 'end',
  ): { readonly edits: readonly Edit[] } | { readonly wait: Promise<unknown> | null };
}

/** Plans the parts of one feed, in their order. */
export interface FeedPlanner {
  plan(part: FeedRoot | FeedItem): Plan;
  /** The enclosures that were seen, up to 10,000. */
  wanted(): readonly Wanted[];
}

export interface PlanDeps {
  readonly book: FeedBook;
  readonly links: FeedLinks;
  /** The main one first. */
  readonly renditions: readonly string[];
  /** Options of the HLS that is offered besides. */
  readonly hls: string | null;
  /** The address of a station that is listed as live. */
  readonly station: string | null;
  /** The record says all that is needed, and nobody is asked. */
  readonly isSettled: boolean;
  /** Ends all waiting. */
  readonly patience: AbortSignal;
  /** Of links in the feed that lead here already. */
  readonly base: string;
  readonly now: () => Milliseconds;
  readonly meter: SourceMeter;
}

interface ItemPlan extends Plan {
  readonly wait: () => Promise<unknown> | null;
  /** It would insert elements, and has no prefix for them. */
  readonly needsPrefix: () => boolean;
}

/** So many are looked at for one feed; the rest stays as it is. */
const MOST_SOURCES = 10_000;

/** A planner that looks at what is not known while patience lasts; what is unknown then stays as it is. */
export function feedPlanner(deps: PlanDeps): FeedPlanner {
  const { book, links, renditions, hls, station, isSettled, patience, base, now, meter } = deps;
  const seen = new Map<string, Wanted>();
  const mayAdd = (): boolean =>
    (renditions.length > 1 && !isSettled) ||
    hls !== null ||
    [...book.record().enclosures.values()].some(
      ({ sizes, hasChapters }) => hasChapters || sizes.slice(1).some((size) => size !== null),
    );
  const onSince = (): Date => new Date(book.record().changedAt || now());
  let isFirst = true;
  let undecided: ItemPlan[] | null = null;
  /** That the root declares, or may. */
  let prefix: string | null = null;

  function planRoot({ scope, at }: FeedRoot): Plan {
    const free = freePrefix(scope);
    if (podcastPrefix(scope) !== null) return { from: at, decide: () => ({ edits: [] }) };
    const items: ItemPlan[] = (undecided = []);
    prefix = free;
    const declare = (is: boolean) => {
      undecided = null;
      prefix = is ? free : null;
      return { edits: is ? [{ start: at, end: at, text: ` xmlns:${free}="${PODCAST_NAMESPACE}"` }] : [] };
    };
    return {
      from: at,
      decide: (pressure) => {
        if (items.some((item) => item.wait() === null && item.needsPrefix())) return declare(true);
        if (pressure === 'full') return declare(mayAdd());
        const open = items.find((item) => item.wait() !== null);
        return pressure === 'end' && open === undefined ? declare(false) : { wait: open?.wait() ?? null };
      },
    };
  }

  function planItem(item: FeedItem): Plan {
    const publishedAt = timeOf(item.about.published);
    const sources = item.enclosures.map((enclosure) => enclosureSource(enclosure, base));
    const looks = sources.flatMap((source) => (source === null ? [] : look({ source, publishedAt })));
    let waiting: Promise<unknown> | null =
      looks.length === 0 ? null : Promise.all(looks).finally(() => (waiting = null));
    const known = (): readonly (Known | null)[] =>
      sources.map((source) => {
        const lengths = source === null ? null : lengthsOf(book.of(source), now());
        return source === null || lengths === null ? null : { ...lengths, source };
      });
    const added = (as: string): string => {
      const first = known().find((each) => each !== null);
      return first == null ? '' : additions(item, first, renditions, hls, links, as);
    };
    const live = isFirst && station !== null ? liveItem(station, onSince(), links) : '';
    isFirst = false;
    const own = podcastPrefix(item.scope);
    const given = (): string | null => (prefix === null || item.scope.has(prefix) ? null : prefix);
    const plan: ItemPlan = {
      from: item.start,
      wait: () => (patience.aborted ? null : waiting),
      needsPrefix: () => own === null && given() !== null && added('x') !== '',
      decide: () => {
        if (plan.wait() !== null) return { wait: plan.wait() };
        const edits = known().flatMap((each, index) => {
          const enclosure = item.enclosures[index];
          return each === null || enclosure === undefined
            ? []
            : enclosureEdits(enclosure, each, renditions[0] ?? '', links);
        });
        if (live !== '') edits.unshift({ start: item.start, end: item.start, text: live });
        const as = own ?? given();
        const text = as === null ? '' : added(as);
        return { edits: text === '' ? edits : [...edits, { start: item.end, end: item.end, text }] };
      },
    };
    undecided?.push(plan);
    return plan;
  }

  /** Waits for a source that is due, while there is patience. */
  function look(wanted: Wanted): Promise<unknown>[] {
    if (!seen.has(wanted.source) && seen.size >= MOST_SOURCES) return [];
    if (!seen.has(wanted.source)) seen.set(wanted.source, wanted);
    if (isSettled || patience.aborted || !isDue(book.of(wanted.source) ?? UNKNOWN_ENCLOSURE, now())) return [];
    return [orAbort(book.look(wanted, meter), patience).catch(() => undefined)];
  }

  return {
    plan: (part) => (part.kind === 'root' ? planRoot(part) : planItem(part)),
    wanted: () => [...seen.values()],
  };
}

function freePrefix(scope: Scope): string {
  for (let number = 1; ; number++) {
    const prefix = number === 1 ? 'podcast' : `podcast${number}`;
    if (!scope.has(prefix)) return prefix;
  }
}

function timeOf(text: string | undefined): Milliseconds | null {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? null : time;
}
