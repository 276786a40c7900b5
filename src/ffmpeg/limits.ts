import type { Seconds } from '../units.ts';

/** What one ffmpeg may take. */
export interface Limits {
  readonly cpuSeconds: Seconds;
  /** Of address space. */
  readonly memoryKb: number;
}

export const SOUND_LIMITS: Limits = { cpuSeconds: 60, memoryKb: 600_000 };
/** A segment out of pictures of 3840 x 2160 takes about 700 MB, and seconds; that of slow codecs ten times as long. */
export const PICTURE_LIMITS: Limits = { cpuSeconds: 180, memoryKb: 2_000_000 };

/**
 * Shell commands that limit what runs after them: address space (kB), processor seconds, no written file, few
 * descriptors, no core file. A soft limit below the hard one makes ffmpeg die of SIGXCPU, which is told apart.
 */
export const limitCommands = ({ cpuSeconds, memoryKb }: Limits): readonly string[] => [
  `ulimit -v ${memoryKb}`,
  `ulimit -H -t ${cpuSeconds + 2}`,
  `ulimit -S -t ${cpuSeconds}`,
  'ulimit -f 0',
  'ulimit -n 64',
  'ulimit -c 0',
];
