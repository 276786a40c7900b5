/** Whose letters a charset writes, and how likely they are. */
interface Charset {
  readonly label: string;
  /** How well a character that is not ASCII goes with the script, from -2 (never) to 1 (all the time). */
  readonly weigh: (letter: string, before: string, after: string) => number;
  /** Added for charsets that are met more often than others with equal letters. */
  readonly prior: number;
}

/**
 * The text of bytes whose charset nobody states, as in ICY metadata. What is valid UTF-8, but for a character that was cut
 * off, is UTF-8. Else that of the older charsets (Western and Central European, Cyrillic, Japanese, Korean) wins whose
 * letters look most like words of its languages. A guess: of a word with one accent, or of capitals alone, it may go wrong.
 */
export function decodeText(bytes: Uint8Array): string {
  const text = UTF8.decode(bytes);
  const letters = text.match(/[^\p{ASCII}\ufffd]/gu)?.length ?? 0;
  const broken = text.match(/\ufffd/g)?.length ?? 0;
  if (broken * LEAST_RIGHT <= letters) return text;

  const guesses = CHARSETS.flatMap((charset) => {
    const guess = decodeFatally(charset.label, bytes);
    return guess === null ? [] : [{ guess, score: scoreOf(guess, charset) }];
  });
  const best = guesses.reduce((one, other) => (other.score > one.score ? other : one), {
    guess: text,
    score: -Infinity,
  });
  return best.guess;
}

const UTF8 = new TextDecoder();
/** So many right characters excuse a broken one. */
const LEAST_RIGHT = 4;

function decodeFatally(label: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function scoreOf(text: string, { weigh, prior }: Charset): number {
  const letters = Array.from(text);
  let sum = 0;
  let weighed = 0;
  for (const [index, letter] of letters.entries()) {
    if (letter < '\x80') continue;
    sum += weigh(letter, letters[index - 1] ?? ' ', letters[index + 1] ?? ' ');
    weighed += 1;
  }
  return sum / Math.max(1, weighed) + prior;
}

const isLetter = (letter: string): boolean => /\p{L}/u.test(letter);
const isAsciiLetter = (letter: string): boolean => /[a-z]/i.test(letter);
const isUpper = (letter: string): boolean => letter !== letter.toLowerCase();
const isLower = (letter: string): boolean => letter !== letter.toUpperCase();

/** Accents stand one by one between other letters; three letters in a row that are not ASCII are no Latin word. */
const latin =
  (often: string, seldom: string): Charset['weigh'] =>
  (letter, before, after) => {
    if (!isLetter(letter)) return mark(letter, before, after);
    if ((isUpper(letter) && isLower(before)) || (isLower(letter) && isUpper(after))) return -1;
    if (/\d/.test(before + after)) return -1;
    const foreign = [before, after].filter((other) => isLetter(other) && other > '\x7f').length;
    const alone = foreign > 0 && ![before, after].some(isAsciiLetter);
    if (foreign === 2 || alone) return -1;
    const small = letter.toLowerCase();
    return often.includes(small) ? 1 : seldom.includes(small) ? 0.4 : -0.5;
  };

/** Quotes, dashes and signs stand beside words, not in them. */
function mark(letter: string, before: string, after: string): number {
  if (letter === '’') return 0.5;
  if (isLetter(before) && isLetter(after)) return -1;
  if ('‘“”„«»–—…¿¡°·№'.includes(letter)) return 0.5;
  return /[\p{Cc}\p{Cn}\u2500-\u25ff]/u.test(letter) ? -2 : '£€®©™ª²'.includes(letter) && !isLetter(after) ? 0.2 : -1;
}

/** Whole words of the script, small behind their first letter. */
const cyrillic: Charset['weigh'] = (letter, before, after) => {
  if (!/\p{Script=Cyrillic}/u.test(letter)) return mark(letter, before, after);
  if (isAsciiLetter(before) || isAsciiLetter(after)) return -1;
  if (isUpper(letter) && isLower(before)) return -1.5;
  const small = letter.toLowerCase();
  return 'оеаинтсрвл'.includes(small) ? 1 : 'кмдпуягьызбчй'.includes(small) ? 0.7 : 0.3;
};

const eastAsian =
  (script: RegExp, seldom: number): Charset['weigh'] =>
  (letter, before, after) => {
    if (isLetter(letter) && (isAsciiLetter(before) || isAsciiLetter(after))) return -1;
    if (script.test(letter)) return 1;
    if (/\p{Script=Han}/u.test(letter)) return seldom;
    return /[\u3000-\u301c\u30fb\u30fc\uff01-\uff5e]/u.test(letter) ? 0.6 : -1;
  };

/** Without the half-width ones: most other text looks like them in Shift_JIS. */
const KANA = /[\u3041-\u3096\u30a1-\u30fa\u30fc]/u;
const CENTRAL = ['ąćęłńśźżčěřšžůýáíéóőűöüä', 'ďťňľĺŕăâîţşđçëôß'] as const;

const CHARSETS: readonly Charset[] = [
  { label: 'windows-1252', weigh: latin('éèàáíóúñçãäöüßåøæêâôûîïë', 'õìòùýðþÿšžœ'), prior: 0.06 },
  { label: 'windows-1250', weigh: latin(...CENTRAL), prior: 0.01 },
  { label: 'iso-8859-2', weigh: latin(...CENTRAL), prior: 0 },
  { label: 'windows-1251', weigh: cyrillic, prior: 0.02 },
  { label: 'koi8-r', weigh: cyrillic, prior: 0 },
  { label: 'shift_jis', weigh: eastAsian(KANA, 0.5), prior: 0 },
  { label: 'euc-jp', weigh: eastAsian(KANA, 0.5), prior: 0 },
  { label: 'euc-kr', weigh: eastAsian(/[\uac00-\ud7a3]/u, 0.1), prior: -0.2 },
];
