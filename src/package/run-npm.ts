import { buildNpm } from './npm.ts';
import { runScript } from './script.ts';

const HELP = `Usage: npm run build:npm

Makes what the npm package exports, in dist/npm: player, sign and server as JavaScript with types, and the browser's
scripts. \`npm pack\` does it first.
`;

await runScript(HELP, [], async (_flags, say) => {
  say(`Built ${await buildNpm()}`);
});
