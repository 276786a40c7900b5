import { BatonError } from '../errors.ts';
import type { Milliseconds, Seconds } from '../units.ts';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A place in an episode as people write it: `1500ms`, `90s`, `1.5s`, `2m`, `1:30`, `1:02:03.5`.
 * @throws OPTIONS_INVALID
 */
export function parseTime(text: string): Milliseconds {
  const clock = /^(?:(\d{1,3}):)?(\d{1,4}):(\d{2}(?:\.\d{1,3})?)$/.exec(text);
  const [, hours = '0', minutes = '0', seconds = '0'] = clock ?? [];
  const isClock = clock !== null && Number(seconds) < 60 && (clock[1] === undefined || Number(minutes) < 60);
  if (isClock) return Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000);
  return withUnit(text, `"${text}" is no time: write 1500ms, 90s or 1:30`);
}

/**
 * How long something lasts, such as `90s`, `30m`, `6h` or `7d`.
 * @throws OPTIONS_INVALID
 */
export const parseDuration = (text: string): Seconds =>
  Math.floor(withUnit(text, `"${text}" is no duration: write 30m, 6h or 7d`) / 1000);

function withUnit(text: string, complaint: string): Milliseconds {
  const [, number, unit] = /^(\d{1,10}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) throw new BatonError('OPTIONS_INVALID', complaint);
  return Math.round(Number(number) * UNITS[unit as keyof typeof UNITS]);
}
