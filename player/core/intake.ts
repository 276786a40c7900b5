import type { HandoverDetail } from './engine.ts';
import type { Fragment } from './fragment.ts';
import type { Init } from './init.ts';
import type { LegPart } from './leg.ts';
import type { Line } from './line.ts';
import type { StreamEvent } from './stream-event.ts';
import { createTaken } from './taken.ts';
import type { Taken } from './taken.ts';

/** Unless the server says otherwise. */
const LEG_SECONDS = 20;

/** Where the sound goes. */
export interface IntakeDeps {
  init(bytes: Uint8Array<ArrayBuffer>, init: Init, codec: string): void;
  /** In order and without overlap. */
  fragment(fragment: Fragment): void;
  event(event: StreamEvent): void;
  handover(detail: HandoverDetail): void;
}

/** The mouth of a chain; times in seconds. */
export interface Intake extends Pick<Taken, 'restart' | 'end' | 'gaps'> {
  /** Takes a part of the leg whose turn it is. */
  readonly take: (line: Line, part: LegPart) => void;
  /** How much sound a leg brings. */
  legSeconds(): number;
}

/** Takes the parts of one leg after the other, and no sample twice. */
export function createIntake(deps: IntakeDeps): Intake {
  const taken = createTaken();
  let codec = '';
  /** It comes before the event that names its codec. */
  let init: (LegPart & { kind: 'init' }) | null = null;
  let legSeconds = LEG_SECONDS;

  function takeFragment(line: Line, whole: Fragment): void {
    const fragment = taken.fresh(whole);
    if (fragment === null) return;
    line.to = taken.end();
    if (init !== null) deps.init(init.bytes, init.init, codec);
    init = null;
    if (line.isHandover) {
      const { firstByteMs } = line.leg.counts();
      deps.handover({ from: line.from, to: line.from + legSeconds, firstByteMs });
      line.isHandover = false;
    }
    deps.fragment(fragment);
  }

  function takeEvent(line: Line, event: StreamEvent): void {
    if (event.type === 'start') {
      codec = event.codec;
      legSeconds = event.legSeconds ?? LEG_SECONDS;
      line.from = line.to = event.time;
    }
    deps.event(event);
  }

  return {
    ...taken,
    take(line, part) {
      if (part.kind === 'init') {
        taken.init(part.init);
        init = part;
      } else if (part.kind === 'fragment') takeFragment(line, part.fragment);
      else takeEvent(line, part.event);
    },
    legSeconds: () => legSeconds,
  };
}
