/** `address` with the place `seconds` as its fragment, rounded down; any other fragment is dropped. */
export function atTime(address: string, seconds: number): string {
  const url = new URL(address);
  url.hash = `t=${Math.floor(Math.max(0, seconds))}`;
  return url.href;
}
