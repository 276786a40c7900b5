import { architecture } from './architecture.ts';
import { build, type Built } from './build.ts';
import type { Shares } from './bundle.ts';
import { runScript } from './script.ts';

const HELP = `Usage: npm run build -- [--arch arm64|x64] [--ffmpeg <file>]

Makes what is deployed: dist/lambda (the functions with ffmpeg in it) and dist/edge (the code for CloudFront).

  --arch <name>     processor of the functions: arm64 or x64 (default: this machine's)
  --ffmpeg <file>   a static ffmpeg for that processor (default: the one of the npm package)
  --help            this text

The ffmpeg of another processor than this machine's is fetched first: npm run fetch-ffmpeg -- --arch arm64
`;

const LISTED = 4;

await runScript(HELP, ['arch', 'ffmpeg'], async (flags, say) => {
  const arch = architecture(flags['arch'] ?? process.arch);
  const built = await build({ arch, ffmpegPath: flags['ffmpeg'], measure: true, report: (text) => say(`${text} ...`) });
  say(summary(built));
});

function summary({ folder, engine, bundles, edgeFile, edgeBytes }: Built): string {
  const lines = [`${folder} is ready for ${engine.arch}.`, ''];
  for (const { file, start, later, initMs } of bundles) {
    lines.push(`${file.padEnd(10)} loaded ${Math.round(initMs ?? 0)} ms after the process starts`);
    lines.push(`  at start   ${listed(start)}`);
    if (later.length > 0) lines.push(`  on demand  ${listed(later)}`);
  }
  lines.push(`ffmpeg     ${engine.version} for ${engine.elfMachine}, engine ${engine.id}`);
  if (!engine.canary) lines.push('  It cannot run on this machine, so no test encode went into the engine id.');
  lines.push(`edge       ${edgeFile}: ${kB(edgeBytes)} of 10 kB`);
  return lines.join('\n');
}

function listed(shares: Shares): string {
  const whole = shares.reduce((sum, [, bytes]) => sum + bytes, 0);
  const largest = shares.slice(0, LISTED).map(([name, bytes]) => `${name} ${kB(bytes)}`);
  return `${kB(whole)}: ${largest.join(', ')}${shares.length > LISTED ? ' ...' : ''}`;
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
}
