import { open } from 'node:fs/promises';
import { BatonError } from '../errors.ts';
import { ELF_HEAD_BYTES, readElf } from './elf.ts';

/** The processors that Lambda has, as Node names them. */
export type Architecture = 'arm64' | 'x64';

/** What an executable for that processor says in its header. */
const MACHINE: Readonly<Record<Architecture, string>> = { arm64: 'aarch64', x64: 'x86-64' };

/** Reads `arm64` or `x64`. Throws OPTIONS_INVALID. */
export function architecture(text: string): Architecture {
  if (text === 'arm64' || text === 'x64') return text;
  throw new BatonError('OPTIONS_INVALID', `--arch must be arm64 or x64, not ${text}`);
}

/**
 * The machine that the executable at `path` was built for, after checking that a function of that architecture can run
 * it: 64 bits, the right machine, no library of its own system. Throws ENCODER_MISSING.
 */
export async function checkExecutable(path: string, arch: Architecture): Promise<string> {
  await using file = await open(path).catch((cause: unknown) => {
    throw new BatonError('ENCODER_MISSING', `${path} is not there`, { cause });
  });
  const { buffer, bytesRead } = await file.read(new Uint8Array(ELF_HEAD_BYTES));
  const facts = readElf(buffer.subarray(0, bytesRead));
  if (facts === null) throw new BatonError('ENCODER_MISSING', `${path} is not a Linux executable`);
  if (facts.bits !== 64 || facts.machine !== MACHINE[arch])
    throw new BatonError('ENCODER_MISSING', `${path} is for ${facts.machine}, not for ${MACHINE[arch]}`);
  if (!facts.isStatic)
    throw new BatonError('ENCODER_MISSING', `${path} needs libraries that Lambda does not have: take a static build`);
  return facts.machine;
}
