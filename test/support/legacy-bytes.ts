/** `text` in a charset that nobody encodes any more. Throws where it has no such character. */
export function legacyBytes(charset: string, text: string): Uint8Array {
  const known = tables.get(charset) ?? tableOf(charset);
  tables.set(charset, known);
  return Uint8Array.from(
    Array.from(text).flatMap((letter) => {
      const bytes = known.get(letter);
      if (bytes === undefined) throw new Error(`no ${letter} in ${charset}`);
      return bytes;
    }),
  );
}

const tables = new Map<string, Map<string, number[]>>();

/** Turns the decoder round: every byte, and of East Asian charsets every pair. */
function tableOf(charset: string): Map<string, number[]> {
  const decoder = new TextDecoder(charset, { fatal: true });
  const table = new Map<string, number[]>();
  const add = (...bytes: number[]): void => {
    try {
      const letter = decoder.decode(Uint8Array.from(bytes));
      if (Array.from(letter).length === 1 && !table.has(letter)) table.set(letter, bytes);
    } catch {
      // no character
    }
  };
  for (let first = 0; first < 256; first++) add(first);
  if (!/jis|euc/.test(charset)) return table;
  for (let first = 0x81; first < 255; first++) for (let second = 0x40; second < 255; second++) add(first, second);
  return table;
}
