import type { IntakePart, LiveFormat, LivePacket, LivePicture } from '../intake/intake.ts';
import { lengthPrefixed } from '../media/annex-b.ts';
import { isParameterSet, sampleUnits } from '../media/avc-sample.ts';
import { setsIn } from '../media/avc-pictures.ts';
import { readAvcConfig, readAvcSequence, writeAvcConfig } from '../media/avc.ts';
import { readEbmlHead } from '../media/ebml.ts';
import { readPictureTrack, readTracks, type AudioTrack } from '../media/matroska-head.ts';
import { ID } from '../media/matroska-ids.ts';
import { clusterIn, PICTURE_TRACK, SOUND_TRACK, STREAM_TICKS } from '../media/matroska-stream.ts';
import { preSkipOf, withoutPreSkip } from '../media/opus-pre-skip.ts';
import type { PictureFacts } from '../media/picture-facts.ts';
import type { Milliseconds, Samples } from '../units.ts';
import { opusLength } from './ogg-opus.ts';
import { pictureSize } from './picture-format.ts';
import { newWebm, webmBlocks, type WebmBlock, type WebmState } from './webm-blocks.ts';

/** Takes the stream of a show with pictures, as `film-stream.ts` writes it, in pieces. */
export interface FilmDemux {
  /** What is complete with these bytes; `isPast`: their sound is left out. */
  push(bytes: Uint8Array, isPast?: boolean): IntakePart[];
}

const AAC_FRAME: Samples = 1024;

/**
 * @param head the beginning of the stream, where it is joined later: then it begins with a cluster, and its pictures with a key picture; else null
 * @param rate pictures a second, as the publisher says; 0: it does not
 */
export function filmDemux(head: Uint8Array | null, rate: number): FilmDemux {
  const state: WebmState = {
    ...newWebm(true),
    ...{ track: SOUND_TRACK, tickMs: 1000 / STREAM_TICKS, pictures: { track: PICTURE_TRACK, config: '' } },
  };
  let opening: FilmHead | null = head === null ? null : readFilmHead(head);
  let hasBegun = false;
  /** Decoding pictures has begun. */
  let hasKey = false;
  /** When the first packet of sound begins, on the clock of the stream. */
  let zero: Milliseconds | null = null;
  let early: WebmBlock[] = [];
  let facts: PictureFacts | null = null;
  let toSkip: Samples = 0;

  function push(bytes: Uint8Array, isPast = false): IntakePart[] {
    if (hasBegun) return partsOf(webmBlocks(bytes, state), isPast);
    const isStart = opening === null;
    opening ??= readFilmHead(bytes);
    const from = isStart ? opening?.length : clusterIn(bytes);
    if (opening === null || from === undefined || from < 0) return [];
    hasBegun = true;
    const { format, preSkip } = opening;
    toSkip = isStart ? preSkip : 0;
    facts = factsOf(opening.config, rate);
    const begun: IntakePart[] = [
      { kind: 'format', format: { ...format, preSkip: toSkip } },
      { kind: 'picture-format', facts },
    ];
    return [...begun, ...partsOf(webmBlocks(bytes.subarray(from), state), isPast)];
  }

  function partsOf(blocks: readonly WebmBlock[], isPast: boolean): IntakePart[] {
    const parts: IntakePart[] = [];
    for (const block of blocks) {
      if (block.track === 'pictures') {
        hasKey ||= block.isKey;
        if (!hasKey) continue;
        if (zero === null) early.push(block);
        else parts.push(...pictured(block, zero));
      } else if (!isPast) {
        const isFirst = zero === null;
        zero ??= begins(block.at);
        parts.push({ kind: 'packets', packets: [heard(block.bytes)] });
        if (isFirst) for (const each of early) parts.push(...pictured(each, zero));
        early = [];
      }
    }
    return joined(parts);
  }

  /** Frames of AAC begin between the ticks of the stream: as its writer counts them, for all who join anywhere. */
  function begins(at: Milliseconds): Milliseconds {
    if (opening?.format.codec !== 'aac') return at;
    const frameMs = (AAC_FRAME * 1000) / opening.format.sampleRate;
    return Math.round(at / frameMs) * frameMs;
  }

  function heard(bytes: Uint8Array): LivePacket {
    const samples = opening?.format.codec === 'opus' ? opusLength(bytes) : AAC_FRAME;
    const skip = Math.min(toSkip, samples);
    toSkip -= skip;
    return { bytes: new Uint8Array(bytes), samples, ...(skip > 0 && { skip }) };
  }

  /** A picture that has parameter sets is one from which on they are others. */
  function pictured({ bytes, at, isKey }: WebmBlock, from: Milliseconds): IntakePart[] {
    const units = sampleUnits(bytes) ?? [];
    const { sequences, pictures: sets } = setsIn(units);
    const shownAt = (at - from) / 1000;
    const isOther = sequences.length > 0 && sets.length > 0;
    const kept = units.some(isParameterSet) ? lengthPrefixed(units.filter((unit) => !isParameterSet(unit))) : bytes;
    const picture: LivePicture = { bytes: new Uint8Array(kept), decodedAt: shownAt, shownAt, isKey };
    const pictures: IntakePart = { kind: 'pictures', pictures: [picture] };
    if (!isOther) return [pictures];
    const other = factsOf(writeAvcConfig(sequences, sets), rate);
    const isNews = Buffer.compare(other.config ?? NOTHING, facts?.config ?? NOTHING) !== 0;
    facts = other;
    return isNews ? [{ kind: 'picture-format', facts }, pictures] : [pictures];
  }

  return { push };
}

interface FilmHead {
  readonly format: LiveFormat;
  readonly preSkip: Samples;
  /** AVCDecoderConfigurationRecord. */
  readonly config: Uint8Array;
  /** Where clusters begin. */
  readonly length: number;
}

/** Null where it is not all there. */
function readFilmHead(bytes: Uint8Array): FilmHead | null {
  for (let at = 0; ;) {
    const head = readEbmlHead(bytes, at);
    if (head === null || head === 'more') return null;
    at += head.length;
    if (head.size === null) continue; // the segment, which is entered
    const content = bytes.subarray(at, at + head.size);
    at += head.size;
    if (content.length < head.size) return null;
    if (head.id === ID.tracks) return tracksIn(content, at);
  }
}

function tracksIn(content: Uint8Array, length: number): FilmHead | null {
  const [sound] = readTracks(content).audio;
  const config = readPictureTrack(content)?.codecPrivate;
  if (sound?.codecPrivate == null || config == null) return null;
  const isOpus = sound.codecId === 'A_OPUS';
  const preSkip = isOpus ? preSkipOf(sound.codecPrivate) : 0;
  return { format: formatOf(sound, sound.codecPrivate, isOpus), preSkip, config, length };
}

const formatOf = ({ sampleRate, channels }: AudioTrack, config: Uint8Array, isOpus: boolean): LiveFormat => ({
  ...{ codec: isOpus ? 'opus' : 'aac', decoderConfig: isOpus ? withoutPreSkip(config) : new Uint8Array(config) },
  ...{ sampleRate, channels, preSkip: 0, kbps: null },
});

function factsOf(config: Uint8Array, rate: number): PictureFacts {
  const [set] = readAvcConfig(config)?.sequences ?? [];
  const sequence = set === undefined ? null : readAvcSequence(set);
  return {
    ...{ codec: 'h264', config: new Uint8Array(config), ...pictureSize(config), rotation: 0, rate },
    ...{ pixelAspect: sequence?.pixelAspect ?? [1, 1], colour: sequence?.colour ?? null },
  };
}

/** What is of one kind, and follows each other, in one part. */
function joined(parts: readonly IntakePart[]): IntakePart[] {
  const runs: IntakePart[][] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (last?.[0]?.kind === part.kind) last.push(part);
    else runs.push([part]);
  }
  return runs.flatMap((run) => {
    const packets = run.flatMap((part) => (part.kind === 'packets' ? part.packets : []));
    const pictures = run.flatMap((part) => (part.kind === 'pictures' ? part.pictures : []));
    if (packets.length > 0) return [{ kind: 'packets', packets }];
    return pictures.length > 0 ? [{ kind: 'pictures', pictures }] : run;
  });
}

const NOTHING = new Uint8Array();
