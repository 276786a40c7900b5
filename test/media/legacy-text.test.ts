import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText } from '../../src/media/legacy-text.ts';
import { legacyBytes } from '../support/legacy-bytes.ts';

/** Titles as stations send them. */
const TITLES = {
  'windows-1252': [
    ...['Beyoncé - Déjà Vu', 'Motörhead - Ace of Spades', 'Édith Piaf - Non, je ne regrette rien', 'Mägo de Oz'],
    ...['Café Tacvba - Cómo te extraño', 'Sigur Rós - Sæglópur', 'Ação e Reação', 'Die Ärzte - Männer sind Schweine'],
    ...['Guns N’ Roses – Don’t Cry', '¿Qué pasó?', 'Françoise Hardy - Tous les garçons', 'größer', 'Håkan Hellström'],
    ...['BLÜMCHEN - HERZ AN HERZ', 'Noël à Paris', 'Orações', '100 °C', 'Ø', 'Ñu'],
  ],
  'windows-1250': ['Dvořák - Příběh lásky', 'Łódź', 'Święta', 'Příliš žluťoučký kůň', 'Köszönöm, szép őszi éjszaka'],
  'iso-8859-2': ['Myslovitz - Długość dźwięku', 'Święta noc', 'Zażółć gęślą jaźń', 'Žlutá ponorka'],
  'windows-1251': [
    ...['Кино - Группа крови', 'Земфира - Искала', 'ДДТ - Что такое осень', 'Да', 'Би-2 - Полковнику никто не пишет'],
    ...['Ария - Беспечный ангел', 'КИНО', 'Metallica - Привет', '«Ночные снайперы» - 31-я весна'],
  ],
  'koi8-r': ['Кино - Группа крови', 'Земфира - Искала', 'ДДТ - Что такое осень', 'Да', 'КИНО', 'Metallica - Привет'],
  shift_jis: [
    '宇多田ヒカル - 初恋',
    'サザンオールスターズ',
    '東京事変 - 丸の内サディスティック',
    'ゆず',
    'X JAPAN - 紅だ',
  ],
  'euc-jp': ['宇多田ヒカル - 初恋', 'サザンオールスターズ', '東京事変 - 群青日和です', 'ゆず'],
  'euc-kr': ['방탄소년단 - 봄날', '아이유 - 좋은 날', 'BTS - 피 땀 눈물'],
};

describe.each(Object.entries(TITLES))('%s', (charset, titles) => {
  test.each(titles)('%s', (title) => {
    expect(decodeText(legacyBytes(charset, title))).toBe(title);
  });
});

test('what is valid UTF-8 is UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodeText(new TextEncoder().encode(text))).toBe(text);
    }),
  );
});

test('a letter of UTF-8 that was cut off does not make it something else', () => {
  const bytes = new TextEncoder().encode('Кино - Группа крови');
  expect(decodeText(bytes.subarray(0, -1))).toBe('Кино - Группа кров\ufffd');
  const quoted = Buffer.concat([bytes.subarray(0, -1), Buffer.from("';")]);
  expect(decodeText(quoted)).toBe("Кино - Группа кров\ufffd';");
});

test('any bytes are some text', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => typeof decodeText(bytes) === 'string'));
});
