/** What a function says of its HTTP response before the body. */
export interface Prelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
}

/** Content type of a streamed response that starts with a prelude. */
export const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';

/** The service looks for the end of the prelude in this many bytes. */
const MOST_BYTES = 16 * 1024;
const DELIMITER = Buffer.alloc(8);

/**
 * Takes the chunks of a response one by one until the prelude (JSON, then eight NUL bytes) is complete; then gives it with the
 * bytes of that chunk which are body. Throws an Error that says what is wrong with it.
 */
export function preludeParser(): (
  chunk: Uint8Array,
) => { readonly prelude: Prelude; readonly rest: Uint8Array } | null {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    const end = held.indexOf(DELIMITER);
    if (end > MOST_BYTES - DELIMITER.length || (end < 0 && held.length >= MOST_BYTES))
      throw new Error(`the prelude does not end (with 8 NUL bytes) in the first ${MOST_BYTES} bytes`);
    if (end < 0) return null;
    return { prelude: toPrelude(parse(held.subarray(0, end))), rest: held.subarray(end + DELIMITER.length) };
  };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw new Error('the prelude is not JSON');
  }
}

/** Status, headers and cookies of a response object; throws an Error that says what is wrong with it. */
export function toPrelude(value: unknown): Prelude {
  if (!isObject(value)) throw new Error('the response is not an object');
  const { statusCode = 200, headers = {}, cookies = [] } = value;
  const status = typeof statusCode === 'string' && /^\d{3}$/.test(statusCode) ? Number(statusCode) : statusCode;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599)
    throw new Error(`statusCode must be a number from 100 to 599, not ${JSON.stringify(statusCode)}`);
  if (!isObject(headers ?? {})) throw new Error('headers must be an object');
  if (!Array.isArray(cookies ?? []) || !((cookies ?? []) as unknown[]).every((cookie) => typeof cookie === 'string'))
    throw new Error('cookies must be a list of texts');
  return { statusCode: status, headers: texts(headers ?? {}), cookies: (cookies ?? []) as string[] };
}

function texts(headers: object): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]: [string, unknown]) => {
    if (typeof value === 'string') return [name.toLowerCase(), value];
    if (typeof value === 'number' || typeof value === 'boolean') return [name.toLowerCase(), String(value)];
    throw new Error(`header ${name} must be a text`);
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
