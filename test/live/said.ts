/** What is said in a framed stream, in order: the data of its `emsg` boxes, heartbeats left out. */
export function saidIn(stream: Uint8Array): unknown[] {
  const texts = Buffer.from(stream).toString('latin1').matchAll(SAID);
  return [...texts].map(([text]) => JSON.parse(text) as unknown);
}

/** Each is the end of its box: behind it is the length of the next one, or nothing. */
const SAID = /\{"type":"(?:start|metadata|discontinuity|closing|error|end)".*?\}(?=\0|$)/g;
