/** Seconds as `m:ss`, or `h:mm:ss` when `of` (the whole they are part of) has hours. `-:--` while unknown. */
export function clockText(seconds: number, of = seconds): string {
  if (!Number.isFinite(seconds)) return '-:--';
  const { h, m, s } = split(seconds);
  const tail = String(s).padStart(2, '0');
  return Number.isFinite(of) && of >= 3600 ? `${h}:${String(m).padStart(2, '0')}:${tail}` : `${h * 60 + m}:${tail}`;
}

/** Seconds in words, for screen readers: `1 hour 2 minutes 3 seconds`. */
export function spokenTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown time';
  const { h, m, s } = split(seconds);
  const words = [count(h, 'hour'), count(m, 'minute'), count(s, 'second')].filter((part) => part !== '');
  return words.length === 0 ? '0 seconds' : words.join(' ');
}

function split(seconds: number): { h: number; m: number; s: number } {
  const whole = Math.max(0, Math.floor(seconds));
  return { h: Math.floor(whole / 3600), m: Math.floor(whole / 60) % 60, s: whole % 60 };
}

const count = (n: number, unit: string): string => (n === 0 ? '' : `${n} ${unit}${n === 1 ? '' : 's'}`);
