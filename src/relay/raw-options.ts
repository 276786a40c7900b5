import { BatonError } from '../errors.ts';

/** How a payload is handed over. */
export interface RawOptions {
  /** What browsers do with it; null: show what is harmless, save the rest. */
  readonly disposition: 'attachment' | 'inline' | null;
  /** Whether who asks for more than one response may hold is sent to the source itself. */
  readonly mayRedirect: boolean;
}

const FORM = /^(?:disposition\.(attachment|inline))?~?(?:over\.(redirect))?$/;

/** Reads a link's options, which have one spelling: `disposition`, then `over`. Throws OPTIONS_INVALID. */
export function parseRawOptions(text: string): RawOptions {
  const [, disposition = null, over] = (FORM.exec(text) ?? []) as (string | undefined)[];
  const options = { disposition: disposition as RawOptions['disposition'], mayRedirect: over !== undefined };
  if (formatRawOptions(options) !== text) throw new BatonError('OPTIONS_INVALID', text);
  return options;
}

/** The options as they stand in a link. */
export const formatRawOptions = ({ disposition, mayRedirect }: RawOptions): string =>
  [...(disposition === null ? [] : [`disposition.${disposition}`]), ...(mayRedirect ? ['over.redirect'] : [])].join(
    '~',
  );
