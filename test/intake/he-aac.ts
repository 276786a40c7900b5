import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One of the stored streams: ffmpeg has no encoder for them. */
export const heAac = (name: string): Buffer => readFileSync(join(import.meta.dirname, `../fixtures/${name}.aac`));
