import { checkFfmpeg } from './check-ffmpeg.ts';
import { checkLimits, checkNode } from './check-machine.ts';
import { checkDataFolder, checkPort } from './check-place.ts';
import type { Finding } from './finding.ts';
import { Unwell } from './failure.ts';
import { withProgress } from './progress.ts';
import { settings, type Settings } from './settings.ts';
import { print, styled } from './terminal.ts';

export interface DoctorOptions extends Settings {
  readonly json?: true;
}

/** Prints the findings; throws Unwell when one of them is a failure. */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  const config = settings(options);
  const year = new Date().getFullYear();
  const findings = await withProgress('Checking', async () => [
    checkNode(process.versions.node),
    ...(await checkFfmpeg(config, year)),
    ...(await checkLimits(config)),
    ...(await checkDataFolder(config)),
    await checkPort(config),
  ]);
  const ok = findings.every(({ state }) => state !== 'fail');
  if (options.json === true) print(JSON.stringify({ ok, findings }, null, 2));
  else for (const finding of findings) print(line(finding));
  if (!ok) throw new Unwell('doctor found something wrong');
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function line({ name, state, text, advice }: Finding): string {
  const head = `${styled(COLOURS[state], state.padEnd(4), process.stdout)}  ${name.padEnd(12)}  ${text}`;
  return advice === undefined ? head : `${head}\n${' '.repeat(20)}${advice}`;
}
