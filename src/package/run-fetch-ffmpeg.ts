import { architecture } from './architecture.ts';
import { fetchFfmpeg } from './fetch-ffmpeg.ts';
import { runScript } from './script.ts';

const HELP = `Usage: npm run fetch-ffmpeg -- [--arch arm64|x64]

Fetches the npm package's ffmpeg for another processor than this machine's, once, so that \`npm run build\` can pack it.

  --arch <name>     arm64 (default) or x64
  --help            this text
`;

await runScript(HELP, ['arch'], async (flags, say) => {
  say(await fetchFfmpeg(architecture(flags['arch'] ?? 'arm64'), (text) => say(`${text} ...`)));
});
