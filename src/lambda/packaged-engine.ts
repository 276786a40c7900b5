import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BatonError } from '../errors.ts';
import type { Engine } from '../ffmpeg/engine.ts';

/** The engine beside the bundle, as it was recorded when it was packed: hashing it takes 0.3 s. Throws ENCODER_MISSING. */
export async function packagedEngine(folder: string): Promise<Engine> {
  const file = join(folder, 'engine.json');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BatonError('ENCODER_MISSING', `${file} is not there: was the package made by npm run build?`, { cause });
  });
  const record = recordOf(text);
  if (record === null) throw new BatonError('ENCODER_MISSING', `${file} is damaged: run npm run build again`);
  if (record.arch !== process.arch)
    throw new BatonError('ENCODER_MISSING', `the ffmpeg of this package is for ${record.arch}, not ${process.arch}`);
  return { path: join(folder, record.file), arch: record.arch, id: record.id };
}

/** The fields that a function needs; null when they are not there. */
function recordOf(text: string): { arch: string; id: string; file: string } | null {
  try {
    const { arch, id, file } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return typeof arch === 'string' && typeof id === 'string' && typeof file === 'string' ? { arch, id, file } : null;
  } catch {
    return null;
  }
}
