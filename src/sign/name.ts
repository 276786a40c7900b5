const MAX_CHARS = 80;

/**
 * The last segment of a link: `title` in lower-case ASCII with hyphens, and `extension`. At most 80 characters, never
 * empty. The real title travels in Content-Disposition.
 */
export function slug(title: string, extension: string): string {
  const ending = ascii(extension).replaceAll('-', '').slice(0, 8);
  const suffix = ending === '' ? '' : `.${ending}`;
  const stem = ascii(title)
    .slice(0, MAX_CHARS - suffix.length)
    .replace(/-+$/, '');
  return (stem === '' ? 'untitled' : stem) + suffix;
}

/** The extension in the path of an address; empty where there is none. */
export const extensionIn = (url: string): string =>
  /\.([A-Za-z0-9]{1,5})$/.exec(URL.parse(url)?.pathname ?? '')?.[1] ?? '';

function ascii(text: string): string {
  return text
    .toLowerCase()
    .replace(/[æœøłđðþßı]/g, (letter) => SPELLED[letter] ?? '')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f'’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

// Letters that do not come apart into a base letter and an accent.
const SPELLED: Readonly<Record<string, string>> = {
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ß: 'ss',
  ı: 'i',
};
