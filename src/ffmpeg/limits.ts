import type { Seconds } from '../units.ts';

const CPU_SECONDS: Seconds = 60;
const MEMORY_KB = 600_000;

/**
 * Shell commands that limit what runs after them: address space (kB), processor seconds, no written file, few
 * descriptors, no core file. A soft limit below the hard one makes ffmpeg die of SIGXCPU, which is told apart.
 */
export const LIMITS: readonly string[] = [
  `ulimit -v ${MEMORY_KB}`,
  `ulimit -H -t ${CPU_SECONDS + 2}`,
  `ulimit -S -t ${CPU_SECONDS}`,
  'ulimit -f 0',
  'ulimit -n 64',
  'ulimit -c 0',
];
