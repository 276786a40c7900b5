import type { Answer } from './recovery.ts';

const TIMEOUT_MS = 5000;

/**
 * Asks the server for the first byte of `url`, because an audio element tells neither the status nor the reason of a
 * failure. Baton's errors are JSON: `{ code, message, retryAfterSeconds }`. Never rejects; an answer that may not be
 * read (no CORS) counts as none.
 */
export async function askServer(url: string, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(url, {
      headers: { range: 'bytes=0-0' },
      cache: 'no-store',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (!response.ok) return refusal(response.status, response.headers.get('retry-after'), await beginning(response));
    await response.body?.cancel();
    return { kind: 'fine' };
  } catch {
    return { kind: 'unreachable' };
  }
}

/** What a refusal says, from its status, its Retry-After and the start of its body. */
export function refusal(status: number, retryAfter: string | null, body: string): Answer {
  const said = asRecord(body);
  const { code, message, retryAfterSeconds } = said;
  const seconds = typeof retryAfterSeconds === 'number' ? retryAfterSeconds : Number(retryAfter ?? Number.NaN);
  return {
    kind: 'refused',
    status,
    code: typeof code === 'string' ? code : null,
    message: typeof message === 'string' && message !== '' ? message.slice(0, 300) : null,
    retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null,
  };
}

/** What comes first of a body: errors of Baton are short, and come in one piece. */
export async function beginning(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const piece = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(piece?.value);
}

interface Said {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly retryAfterSeconds?: unknown;
}

function asRecord(body: string): Said {
  try {
    return Object(JSON.parse(body)) as Said;
  } catch {
    return {};
  }
}
