import { readFileSync } from 'node:fs';

/** One line of the result. `ok` is null when the peer is missing, and then there is no figure of it. */
export interface Row {
  readonly name: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string;
  readonly ratio: number | null;
  readonly bar: string;
  readonly ok: boolean | null;
  readonly unit: string;
}

/** A row whose bar is the ratio to the peer. */
export function compare(
  name: string,
  unit: string,
  ours: number,
  peer: { name: string; value: number | null },
  bar: { most: number } | { least: number },
): Row {
  const ratio = peer.value === null ? null : ours / peer.value;
  const met = (value: number): boolean => ('most' in bar ? value <= bar.most : value >= bar.least);
  return {
    name,
    ours,
    peer: peer.value,
    peerName: peer.name,
    ratio,
    bar: 'most' in bar ? `<= ${bar.most} x` : `>= ${bar.least} x`,
    ok: ratio === null ? null : met(ratio),
    unit,
  };
}

/** A row whose bar is a figure of its own. */
export const limit = (name: string, unit: string, ours: number, most: number): Row => ({
  name,
  ours,
  peer: null,
  peerName: '-',
  ratio: null,
  bar: `<= ${most} ${unit}`,
  ok: ours <= most,
  unit,
});

/** NaN of no values; of an even number the upper one. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** NaN of no values. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const TICKS_PER_SECOND = 100;

/** Processor seconds of a process and of all its children that have ended. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) / TICKS_PER_SECOND;
}

/** Peak resident memory of a process, in MB. */
export const peakMegabytes = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
