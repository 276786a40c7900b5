/** Seconds as `m:ss`, or `h:mm:ss` when `of` (the whole they are part of) has hours. `-:--` while unknown. */
export function clockText(seconds: number, of = seconds): string {
  if (!Number.isFinite(seconds)) return '-:--';
  const { h, m, s } = split(seconds);
  const tail = String(s).padStart(2, '0');
  return Number.isFinite(of) && of >= 3600 ? `${h}:${String(m).padStart(2, '0')}:${tail}` : `${h * 60 + m}:${tail}`;
}

/** Seconds in the words of a language (BCP 47), for screen readers: `1 hour 2 minutes 3 seconds`; `unknown` when they are not known. */
export function spokenTime(seconds: number, language: string, unknown: string): string {
  if (!Number.isFinite(seconds)) return unknown;
  const { h, m, s } = split(seconds);
  const parts = [[h, 'hour'] as const, [m, 'minute'] as const, [s, 'second'] as const];
  const said = parts
    .filter(([value, unit]) => value > 0 || (unit === 'second' && h + m === 0))
    .map(([value, unit]) => value.toLocaleString(language, { style: 'unit', unit, unitDisplay: 'long' }));
  return new Intl.ListFormat(language, { type: 'unit', style: 'narrow' }).format(said);
}

function split(seconds: number): { h: number; m: number; s: number } {
  const whole = Math.max(0, Math.floor(seconds));
  return { h: Math.floor(whole / 3600), m: Math.floor(whole / 60) % 60, s: whole % 60 };
}
