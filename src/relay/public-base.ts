import type { Config } from '../config.ts';
import { BatonError } from '../errors.ts';
import type { Request } from './reply.ts';

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/**
 * What absolute links start with: as configured (BATON_PUBLIC_ORIGIN), as the trusted edge says, else as the listener
 * asked. Without a slash at the end.
 * @throws OPTIONS_INVALID when the request names no host
 */
export function publicBase({ headers }: Pick<Request, 'headers'>, { publicOrigin, trustEdge }: Config): string {
  if (publicOrigin !== null) return publicOrigin;
  const atEdge = trustEdge ? headers['x-baton-host'] : undefined;
  if (atEdge !== undefined && HOST.test(atEdge)) return `https://${atEdge}`;
  const host = headers['host'] ?? '';
  if (!HOST.test(host)) throw new BatonError('OPTIONS_INVALID', 'no Host: set BATON_PUBLIC_ORIGIN');
  return `${headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'}://${host}`;
}
