import type { Seconds } from '../units.ts';
import { parseKeys } from './keys.ts';
import { privateLink, publicLink, type Kind, type LinkContent } from './link.ts';
import { extensionIn, slug } from './name.ts';

/** What a link is to lead to. */
export interface SignAsk {
  /** Default: `file`. */
  readonly kind?: Kind;
  /** An http, https or s3 address. */
  readonly source: string;
  /** Canonical options, such as `codec.mp3~bitrate.96k`; of `raw` they may be empty. */
  readonly options: string;
  /** Becomes the last part of the path. */
  readonly title: string;
  /** Of the name; it chooses the container. Default: what the options ask for; of `raw` that of the source. */
  readonly extension?: string;
  /** Seconds that the link is good for, 7 days at most. Default: it never expires. */
  readonly expiresIn?: Seconds;
  /** Of a private link: an id of the listener or session. */
  readonly scope?: string;
  /** Hides the address of the source. */
  readonly encryptSource?: boolean;
}

/** Makes links. */
export interface Signer {
  /** An absolute link. @throws BatonError with code OPTIONS_INVALID or SOURCE_URL_INVALID */
  link(ask: SignAsk): string;
}

/** What a signer works with. */
export interface SignerOptions {
  /** Signing keys as in BATON_KEYS: `id:base64url`, the first one signs. */
  readonly keys: string;
  /** Where Baton answers, without a slash at the end. */
  readonly origin: string;
  /** Unix time; default: the system's clock. */
  readonly now?: () => Seconds;
}

/** A signer for a program that makes its own links; nothing but the keys ties it to the server. */
export function createSigner({ keys: text, origin, now = () => Date.now() / 1000 }: SignerOptions): Signer {
  const keys = parseKeys(text);
  return {
    link: ({ kind = 'file', source, options, title, expiresIn, scope = 'signer', encryptSource = false, ...rest }) => {
      const name = slug(title, rest.extension ?? extensionOf(kind, options, source));
      const content: LinkContent = { kind, options, source, name };
      const seal = { encryptSource };
      if (expiresIn === undefined) return origin + publicLink(content, keys, seal);
      const at = now();
      return origin + privateLink(content, { expiresAt: at + expiresIn, scope }, keys, at, seal);
    },
  };
}

const EXTENSIONS: Readonly<Record<string, string>> = { opus: 'opus', aac: 'mp4', pcm: 'wav' };

function extensionOf(kind: Kind, options: string, source: string): string {
  if (kind === 'raw') return extensionIn(source);
  if (kind === 'embed') return 'html';
  if (kind === 'feed') return 'xml';
  return EXTENSIONS[/^codec\.([a-z0-9]+)/.exec(options)?.[1] ?? ''] ?? 'mp3';
}
