/** What an executable says of itself in its ELF header. */
export interface ElfFacts {
  /** Bits of an address. */
  readonly bits: 32 | 64;
  /** Name of the instruction set where Baton knows it, else its number (System V ABI, `e_machine`). */
  readonly machine: string;
  /** False when it needs a dynamic loader, and with it the libraries of the system it was built on. */
  readonly isStatic: boolean;
}

/** The header and the program headers of an executable lie within its first bytes. */
export const ELF_HEAD_BYTES = 4096;

const MACHINES: Readonly<Record<number, string>> = { 0x3e: 'x86-64', 0xb7: 'aarch64' };
const PROGRAM_INTERPRETER = 3;

/** Reads an executable's first `ELF_HEAD_BYTES` bytes. Null for anything but little-endian ELF. */
export function readElf(head: Uint8Array): ElfFacts | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.byteLength < 64 || view.getUint32(0) !== 0x7f454c46 || view.getUint8(5) !== 1) return null;
  const bits = view.getUint8(4) === 2 ? 64 : 32;
  const machine = view.getUint16(18, true);
  return { bits, machine: MACHINES[machine] ?? `machine ${machine}`, isStatic: !hasInterpreter(view, bits) };
}

function hasInterpreter(view: DataView, bits: 32 | 64): boolean {
  const start = bits === 64 ? Number(view.getBigUint64(32, true)) : view.getUint32(28, true);
  const entryBytes = view.getUint16(bits === 64 ? 54 : 42, true);
  const count = view.getUint16(bits === 64 ? 56 : 44, true);
  for (let i = 0; i < count; i++) {
    const at = start + i * entryBytes;
    if (at + 4 > view.byteLength) return false;
    if (view.getUint32(at, true) === PROGRAM_INTERPRETER) return true;
  }
  return false;
}
