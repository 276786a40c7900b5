import { CHANNEL_RATE } from '../grid/live.ts';
import type { Milliseconds, Samples } from '../units.ts';
import { matchAnchor, samplesOf, type NamedPacket } from './anchor.ts';
import { placeOfNext, toMs, toSamples, type Epoch } from './epoch.ts';
import type { HeadFile } from './head-file.ts';
import { edgeOf, heardTitles, type Head } from './head.ts';
import type { LiveFormat, LivePacket } from '../intake/intake.ts';
import { leadOf } from './lead.ts';
import { packetName } from './packet-name.ts';
import type { Receiver } from './receiver.ts';
import { sameDecoder } from '../intake/same-decoder.ts';
import type { Soundtrack } from './soundtrack.ts';
import { createTrack, type Track } from './track.ts';

/** What placing packets on a channel takes. */
export interface PlacingDeps {
  readonly head: HeadFile;
  readonly sound: Soundtrack;
  /** Unix time. */
  readonly now: () => Milliseconds;
  /** Names a new life of a channel: 8 hex digits. */
  readonly newVersion: () => string;
  /** How far back somebody may still listen. */
  readonly dvrMs: Milliseconds;
  /** For how long nothing has come; null in a process that has just begun to listen. */
  readonly lostMs: () => Milliseconds | null;
  /** Samples of a chunk at 48 kHz, by rendition. */
  readonly chunkSamplesOf: (rendition: string) => Samples;
}

const ATTEMPTS = 4;
/** How long packets that are hard to tell apart are looked at. */
const UNCLEAR_MS: Milliseconds = 1_500;
/**
 * How long what a station sends at once takes to come. An epoch begins with all of that on a channel that others may
 * turn to just now, too: who comes a second later finds their packets in it.
 */
const BURST_MS: Milliseconds = 300;
/** A producer that was not heard of may be cut off from the store for a moment: once it is back, packets fit behind its own. */
const RETURN_MS: Milliseconds = 2_500;
/** A channel whose chunks were made so lately is one that others may turn to as well. */
const ATTENDED_MS: Milliseconds = 30_000;

/**
 * Finds the place of a receiver's packets on the channel, and lets them be heard from there on: where they are known
 * already, else as a new epoch. Gives where in the newest epoch the packet that follows them lies, in decoded samples;
 * null when more packets may yet tell, which have been looked at for `lookedMs`.
 */
export async function place(
  receiver: Receiver,
  lookedMs: Milliseconds,
  deps: PlacingDeps,
  signal: AbortSignal,
): Promise<Samples | null> {
  const { format } = receiver;
  if (format === null || receiver.recent.length === 0) return null;
  const own = receiver.recent.map(({ bytes, samples }) => ({ name: packetName(bytes), samples }));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const here = goesOn(receiver, format, own, deps);
    const there = here === 'none' ? await joined(receiver, format, own, deps, signal) : here;
    if (typeof there === 'number') return there + samplesOf(own);
    if (lookedMs < (there === 'unclear' ? UNCLEAR_MS : patienceMs(deps))) return null;
    if (isOver(receiver, format, own, deps)) return null;
    const next = await begin(receiver, format, own, deps, signal);
    if (next !== null) return next; // else somebody has begun an epoch just now
  }
  return null;
}

/** How long a process that has just come to a channel looks for its place on it. */
function patienceMs(deps: PlacingDeps): Milliseconds {
  const known = deps.head.latest();
  if (deps.lostMs() !== null || known === null || unattendedMs(known, deps) > ATTENDED_MS) return 0;
  return Object.values(known.renditions).some(({ lease }) => lease?.state === 'producing') ? RETURN_MS : BURST_MS;
}

/** Where in the epoch the first packet lies. */
type Outcome = Samples | 'unclear' | 'none';

/** Behind packets that this process has received before. */
function goesOn(receiver: Receiver, format: LiveFormat, own: readonly NamedPacket[], { sound }: PlacingDeps): Outcome {
  const last = sound.last();
  if (last === null || !sameDecoder(last.epoch().format, format) || last.epoch().end !== null) return 'none';
  const match = matchAnchor(last.anchor(), own);
  if (typeof match === 'string') return match;
  return addFrom(last, match.at, receiver.recent) ? match.at : 'none';
}

/** Adds what of `packets`, whose first one lies at `at` of the epoch, `track` does not have. False when some are missing between. */
export function addFrom(track: Track, at: Samples, packets: readonly LivePacket[]): boolean {
  const next = track.next();
  if (at > next) return false;
  let position = at;
  const index = packets.findIndex((packet) => {
    if (position >= next) return true;
    position += packet.samples;
    return false;
  });
  if (index >= 0) track.add(packets.slice(index));
  return true;
}

/** In the epoch that another process has received. */
async function joined(
  receiver: Receiver,
  format: LiveFormat,
  own: readonly NamedPacket[],
  { head, sound, lostMs }: PlacingDeps,
  signal: AbortSignal,
): Promise<Outcome> {
  const known = await head.read(signal);
  const epoch = known?.epochs.at(-1);
  if (epoch?.end !== null || known?.anchor?.epoch !== epoch.id) return 'none';
  const last = sound.last();
  const isHeard = last?.epoch().id === epoch.id && lostMs() !== null; // who stopped listening to it may come again
  if (isHeard || !sameDecoder(epoch.format, format)) return 'none';
  const match = matchAnchor(known.anchor, own);
  if (typeof match === 'string') return match;
  if (last?.epoch().end === null) last.close(endOf(known, last));
  const track = createTrack(epoch, Math.max(0, match.at), sound.pulse);
  addFrom(track, match.at, receiver.recent);
  sound.begin(track);
  return match.at;
}

const endOf = ({ epochs }: Head, track: Track): Samples =>
  epochs.find(({ id }) => id === track.epoch().id)?.end ?? track.received();

/** Whether silence has followed all of the packets already: a source that only repeats itself is as good as away. */
function isOver(receiver: Receiver, format: LiveFormat, own: readonly NamedPacket[], { sound }: PlacingDeps): boolean {
  const last = sound.last();
  const tail = last === null ? null : continued(last, format, receiver, own);
  return tail !== null && samplesOf(tail.packets) === tail.lead;
}

/** As a new epoch, behind all that anybody has made. Null when another one has begun since the head was read. */
async function begin(
  receiver: Receiver,
  format: LiveFormat,
  own: readonly NamedPacket[],
  deps: PlacingDeps,
  signal: AbortSignal,
): Promise<Samples | null> {
  const { sound, head } = deps;
  const before = newestOf(head.latest());
  const last = sound.last();
  if (last?.epoch().end === null) last.close(last.received());
  const tail = last === null ? null : continued(last, format, receiver, own);
  const packets = tail?.packets ?? receiver.recent;
  const lead = tail?.lead ?? leadOf(format, packets);
  const changed = await head.update((known) => {
    const base = known ?? freshHead(receiver, deps);
    if (newestOf(base) !== before) return base;
    return withEpoch(
      base,
      { format, lead, cause: receiver.cause, isWhole: tail !== null, statedMs: receiver.missingMs },
      packets,
      deps,
    );
  }, signal);
  const epoch = changed?.epochs.at(-1);
  const isOurs = changed?.anchor?.packets[0]?.name === packetName(packets[0]?.bytes ?? new Uint8Array());
  if (epoch?.id !== (before ?? -1) + 1 || !isOurs) return null;
  const track = createTrack(epoch, 0, sound.pulse);
  track.add(packets);
  sound.begin(track);
  return track.next();
}

const newestOf = (head: Head | null): number | null => head?.epochs.at(-1)?.id ?? null;

/** Decoders change a few times an hour; what changes with every page is not remembered for longer. */
const MOST_EPOCHS = 300;

interface NewEpoch extends Pick<Epoch, 'format' | 'lead'> {
  readonly cause: Epoch['why'];
  /** Whether it goes on where the last one ended. */
  readonly isWhole: boolean;
  /** How much the source says is lost before it. */
  readonly statedMs: Milliseconds;
}

function withEpoch(base: Head, next: NewEpoch, packets: readonly LivePacket[], deps: PlacingDeps): Head {
  const { format, lead, cause, isWhole, statedMs } = next;
  const made = madeUpTo(base, deps);
  const elapsed = toSamples(deps.now() - base.createdAt);
  const isFirst = base.epochs.length === 0;
  const at = isFirst ? 0 : placeOfNext(made, elapsed);
  const isStart = isFirst || at - made > CHANNEL_RATE;
  const id = (newestOf(base) ?? -1) + 1;
  const missingMs =
    isWhole || isFirst || cause === 'next-track'
      ? 0
      : Math.round(Math.max(statedMs, toMs(at - made), deps.lostMs() ?? unattendedMs(base, deps)));
  const oldest = elapsed - toSamples(deps.dvrMs);
  const ended = base.epochs.map((each) => ({ ...each, end: each.end ?? Math.max(each.at, made) }));
  return {
    ...base,
    epochs: [
      ...ended.filter(({ end }) => end >= oldest).slice(-MOST_EPOCHS),
      { id, at, end: null, lead, format, why: isStart ? 'start' : cause, missingMs },
    ],
    titles: heardTitles(base.titles, oldest),
    anchor: {
      epoch: id,
      at: 0,
      packets: packets.map(({ bytes, samples }) => ({ name: packetName(bytes), samples })),
    },
  };
}

/**
 * What a decoder that goes on behind the end of `last`, which silence has followed, is to be fed: its last packets, then
 * those that come after them. Null when it is not the same sound.
 */
function continued(
  last: Track,
  format: LiveFormat,
  receiver: Receiver,
  own: readonly NamedPacket[],
): { readonly packets: readonly LivePacket[]; readonly lead: Samples } | null {
  if (!sameDecoder(last.epoch().format, format)) return null;
  const match = matchAnchor(last.anchor(), own);
  if (typeof match === 'string' || match.at > last.next()) return null;
  const before = last.tail();
  const known = last.next() - match.at;
  let samples = 0;
  const fresh = receiver.recent.filter((packet) => (samples += packet.samples) > known);
  return { packets: [...before, ...fresh], lead: samplesOf(before) };
}

const freshHead = ({ station }: Receiver, { now, newVersion }: PlacingDeps): Head => ({
  ...{ version: newVersion(), createdAt: now(), station },
  ...{ epochs: [], anchor: null, titles: [], renditions: {} },
});

/** For how long nobody has made chunks. */
function unattendedMs({ renditions }: Head, { now }: PlacingDeps): Milliseconds {
  const renewals = Object.values(renditions).map(({ lease }) => lease?.renewedAt ?? 0);
  return Math.max(0, now() - Math.max(...renewals, 0));
}

/** Up to where somebody may have made chunks. */
function madeUpTo({ epochs, renditions }: Head, { sound, chunkSamplesOf }: PlacingDeps): Samples {
  const chunks = Object.entries(renditions).map(([name, each]) => (edgeOf(each) ?? 0) * chunkSamplesOf(name));
  const last = epochs.at(-1);
  return Math.max(0, sound.known(), last?.end ?? last?.at ?? 0, ...chunks);
}
