/**
 * The place that a fragment names, in seconds: `#t=90`, `#t=1:30`, `#t=1h2m3s`, also beside other parameters and as the
 * start of a range (Media Fragments 4.2.1). Null without one.
 */
export function timeInHash(hash: string): number | null {
  const value = new URLSearchParams(hash.replace(/^#/, '')).get('t');
  return value === null ? null : parsePlace(value.split(',')[0] ?? '');
}

/** An address without its place, and the place. */
export function splitPlace(address: string): { readonly src: string; readonly at: number | null } {
  const mark = address.indexOf('#');
  const at = mark < 0 ? null : timeInHash(address.slice(mark));
  return { src: at === null ? address : address.slice(0, mark), at };
}

function parsePlace(text: string): number | null {
  const found = /^(?:npt:)?(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(?:(?:(\d+):)?([0-5]?\d):)?(\d+(?:\.\d*)?)s?)?$/.exec(text);
  if (found === null) return null;
  const [, hours = 0, minutes = 0, h = hours, m = minutes, s = 0] = found;
  return Number(h) * 3600 + Number(m) * 60 + Number(s);
}
