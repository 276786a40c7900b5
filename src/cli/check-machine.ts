import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { Config } from '../config.ts';
import { limitCommands, PICTURE_LIMITS, SOUND_LIMITS } from '../ffmpeg/limits.ts';
import { reasonOf, type Finding } from './finding.ts';

const LEAST_NODE = [24, 3] as const;

/** Whether this Node runs TypeScript without being asked. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  if (isEnough) return { name: 'Node', state: 'ok', text: version };
  const advice = `Baton needs ${LEAST_NODE.join('.')} or newer: run it as \`npx baton\` or \`npm start\`, which bring their own.`;
  return { name: 'Node', state: 'fail', text: version, advice };
}

/** Source, listener, and a share of ffmpeg's pipes. */
const FILES_PER_RESPONSE = 4;
const SPARE_FILES = 128;

/** Descriptors of this process, whether ffmpeg can be limited, and how many encoders go with the processors. */
export async function checkLimits({ maxRequests, encoders }: Config): Promise<Finding[]> {
  return [await descriptors(maxRequests * FILES_PER_RESPONSE + SPARE_FILES), await limitable(), processors(encoders)];
}

async function descriptors(wanted: number): Promise<Finding> {
  const name = 'open files';
  const text = (await shell('ulimit -n').catch(() => '')).trim();
  const limit = text === 'unlimited' ? Infinity : Number(text);
  if (text === '' || Number.isNaN(limit)) return { name, state: 'warn', text: 'the limit is not known' };
  if (limit >= wanted) return { name, state: 'ok', text: `${text} (ulimit -n)` };
  const advice = `Raise it with \`ulimit -n ${wanted}\`, or lower BATON_MAX_REQUESTS.`;
  return { name, state: 'warn', text: `${text} (ulimit -n), but a full house needs ${wanted}`, advice };
}

async function limitable(): Promise<Finding> {
  const name = 'limits';
  try {
    for (const limits of [SOUND_LIMITS, PICTURE_LIMITS]) await shell(limitCommands(limits).join(' && '));
    return { name, state: 'ok', text: 'ffmpeg runs with limits on memory, processor time and files' };
  } catch (thrown) {
    const advice = 'A hostile file may use more than its share. Run Baton in a container with a memory limit.';
    return { name, state: 'warn', text: `this system does not limit ffmpeg: ${reasonOf(thrown)}`, advice };
  }
}

function processors(encoders: number): Finding {
  const name = 'processors';
  const count = availableParallelism();
  const text = `${count}, for ${encoders} encoders`;
  if (encoders <= 2 * count) return { name, state: 'ok', text };
  return { name, state: 'warn', text, advice: `Set BATON_ENCODERS to ${count}, or leave it out.` };
}

async function shell(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { env: {} });
  return stdout;
}
