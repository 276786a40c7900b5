import { BatonError } from './errors.ts';

/** Where what is published here is found: a channel, or one of its shows. */
export interface ShowAddress {
  readonly channel: string;
  /** Null: whichever is on air. */
  readonly show: string | null;
}

/** Whether an address is of something that is published here. */
export const isShowAddress = (url: string): boolean => url.startsWith('ingest://');

/** Reads `ingest://channel` or `ingest://channel/show`. @throws SOURCE_URL_INVALID */
export function parseShowAddress(url: string): ShowAddress {
  const [, channel, show = null] = (ADDRESS.exec(url) ?? []) as (string | undefined)[];
  if (channel === undefined)
    throw new BatonError('SOURCE_URL_INVALID', `not of the form ingest://channel/show: ${url}`);
  return { channel, show };
}

export const showAddress = ({ channel, show }: ShowAddress): string =>
  show === null ? `ingest://${channel}` : `ingest://${channel}/${show}`;

const NAME = '[a-z0-9][a-z0-9-]{0,63}';
const ADDRESS = new RegExp(`^ingest://(${NAME})(?:/(${NAME}))?$`);
