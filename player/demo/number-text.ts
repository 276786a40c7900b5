/** A size for people: `3.4 MB`. Decimal units, as in a podcast feed's players. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1)} MB`;
}

/** An exact count: `3,402,112 bytes`. */
export const exactBytes = (bytes: number): string => `${bytes.toLocaleString('en')} bytes`;

/** A wait for people: `8.4 ms`, `120 ms`, `1.25 s`. */
export function waitText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}
