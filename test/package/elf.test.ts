import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { checkExecutable } from '../../src/package/architecture.ts';
import { ELF_HEAD_BYTES, readElf } from '../../src/package/elf.ts';
import { FFMPEG, inFolder } from '../support/ffmpeg.ts';

const head = async (path: string) => (await readFile(path)).subarray(0, ELF_HEAD_BYTES);
const MACHINES = { x64: 'x86-64', arm64: 'aarch64' } as const;
const arch = process.arch as keyof typeof MACHINES;
const other = arch === 'x64' ? 'arm64' : 'x64';

test('the ffmpeg of the npm package is static, Node is not', async () => {
  expect(readElf(await head(FFMPEG))).toEqual({ bits: 64, machine: MACHINES[arch], isStatic: true });
  expect(readElf(await head(process.execPath))).toMatchObject({ machine: MACHINES[arch], isStatic: false });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a script', Buffer.from(`#!/bin/sh\n${' '.repeat(100)}`)],
  ['a Windows program', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)])],
  ['a cut header', Buffer.from('7f454c46020101', 'hex')],
])('%s is no ELF', (_, bytes) => {
  expect(readElf(bytes)).toBeNull();
});

test('any bytes after the magic number are survived', () => {
  for (let seed = 1; seed < 2_000; seed++) {
    const bytes = Buffer.alloc(64 + (seed % 300), 0);
    for (let i = 0, state = seed; i < bytes.length; i++) bytes[i] = (state = (state * 48_271) % 2_147_483_647) & 255;
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 1 + (seed % 2), 1]);
    expect(readElf(bytes)).not.toBeNull();
  }
});

test('an executable of another machine, a dynamic one and what is none are not packed', async () => {
  expect(await checkExecutable(FFMPEG, arch)).toBe(MACHINES[arch]);
  await expect(checkExecutable(FFMPEG, other)).rejects.toMatchObject({ code: 'ENCODER_MISSING', detail: /is for / });
  await expect(checkExecutable(process.execPath, arch)).rejects.toMatchObject({ detail: /static build/ });
  await expect(checkExecutable('/etc/passwd', arch)).rejects.toMatchObject({ detail: /not a Linux executable/ });
  await expect(checkExecutable('/nowhere/ffmpeg', arch)).rejects.toMatchObject({ detail: /is not there/ });
});

test('an executable for arm64 is known as one', async () => {
  await inFolder(async (folder) => {
    const bytes = Buffer.from(await head(FFMPEG));
    bytes.writeUInt16LE(0xb7, 18);
    await writeFile(`${folder}/ffmpeg`, bytes);
    expect(await checkExecutable(`${folder}/ffmpeg`, 'arm64')).toBe('aarch64');
  });
});
