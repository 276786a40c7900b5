import type { Config } from '../config.ts';

/** Whether pages of `origin` may publish: those of the server itself, whose `host` it was reached under, and those that are named. */
export function mayPublish(
  origin: string,
  host: string | null,
  { ingestOrigins, publicOrigin }: Pick<Config, 'ingestOrigins' | 'publicOrigin'>,
): boolean {
  const url = URL.parse(origin);
  if (url?.origin !== origin) return false; // `null`, too
  const isOwn = url.host === host || (publicOrigin !== null && origin === URL.parse(publicOrigin)?.origin);
  return isOwn || ingestOrigins.includes(origin);
}
