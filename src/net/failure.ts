import { BatonError, type FailureCode } from '../errors.ts';

/** Whatever undici, node:net or node:tls threw while a source was read, as one of the SOURCE_ codes. */
export function sourceFailure(thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const code = errorCode(thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new BatonError(meaning(code), `${code} ${text}`.trim(), { cause: thrown });
}

/** True when the connection broke before an answer and may have been an old one that the server was just closing. */
export function isStaleConnection(thrown: unknown): boolean {
  const code = errorCode(thrown);
  if (code === 'ECONNRESET' || code === 'EPIPE') return true;
  return code === 'UND_ERR_SOCKET' && bytesRead(thrown) > 0;
}

const CUT: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
  'HPE_INVALID_EOF_STATE',
  'UND_ERR_ABORTED',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_SOCKET',
]);

function meaning(code: string): FailureCode {
  if (CUT.has(code)) return 'SOURCE_CUT';
  return /^ERR_(SSL|TLS)_/.test(code) ? 'SOURCE_UNREACHABLE' : 'SOURCE_FAILED';
}

function errorCode(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  return typeof code === 'string' ? code : '';
}

function bytesRead(thrown: unknown): number {
  const socket = thrown instanceof Error && 'socket' in thrown ? thrown.socket : null;
  if (typeof socket !== 'object' || socket === null || !('bytesRead' in socket)) return 0;
  return typeof socket.bytesRead === 'number' ? socket.bytesRead : 0;
}
