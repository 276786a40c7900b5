import type { Row } from './measure.ts';

const HEAD = ['', 'Baton', 'peer', 'unit', 'ratio', 'bar', ''];

/** The rows as text, columns aligned. */
export function table(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows.map(line)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

const line = ({ name, ours, peer, peerName, unit, ratio, bar, ok }: Row): string[] => [
  name,
  figure(ours),
  peer === null ? (peerName === '-' ? '-' : `${peerName} missing`) : `${figure(peer)} (${peerName})`,
  unit,
  ratio === null ? '-' : `${ratio.toFixed(2)} x`,
  bar,
  ok === null ? '?' : ok ? 'ok' : 'MISSED',
];

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
