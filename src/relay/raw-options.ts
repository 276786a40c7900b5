import { BatonError } from '../errors.ts';

/** How a payload is handed over. */
export interface RawOptions {
  /** What browsers do with it; null: show what is harmless, save the rest. */
  readonly disposition: 'attachment' | 'inline' | null;
  /** Whether who asks for more than one response may hold is sent to the source itself. */
  readonly mayRedirect: boolean;
  /** Whether the source is asked for just what the listener asks for, without a look at it before. */
  readonly readsOnce: boolean;
}

const FORM = /^(?:disposition\.(attachment|inline))?~?(?:over\.(redirect))?~?(?:read\.(once))?$/;

/** Reads a link's options, which have one spelling: `disposition`, `over`, `read`. Throws OPTIONS_INVALID. */
export function parseRawOptions(text: string): RawOptions {
  const [, disposition = null, over, read] = (FORM.exec(text) ?? []) as (string | undefined)[];
  const how = { mayRedirect: over !== undefined, readsOnce: read !== undefined };
  const options = { disposition: disposition as RawOptions['disposition'], ...how };
  if (formatRawOptions(options) !== text) throw new BatonError('OPTIONS_INVALID', text);
  return options;
}

/** The options as they stand in a link. */
export const formatRawOptions = ({ disposition, mayRedirect, readsOnce }: RawOptions): string =>
  [
    ...(disposition === null ? [] : [`disposition.${disposition}`]),
    ...(mayRedirect ? ['over.redirect'] : []),
    ...(readsOnce ? ['read.once'] : []),
  ].join('~');
