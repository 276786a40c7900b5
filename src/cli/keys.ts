import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { BatonError } from '../errors.ts';
import { openDataFolder, type DataFolder } from '../local/data-folder.ts';
import { addKey, newKey, removeKey } from '../sign/keys.ts';
import { DATA_OPTION, settings, type Settings } from './settings.ts';
import { print, say, styled } from './terminal.ts';

const EXAMPLES = `
Rotation: \`baton keys add\`, restart the server, give out new links, and \`baton keys remove\` the old key when the old
links may stop working.

Examples:
  baton keys list
  baton keys add
  baton keys remove k3x9q0ab`;

/** `baton keys`: signing keys. Their secrets are never shown. */
export function addKeys(program: Command): void {
  const keys = program.command('keys').description('list, add and remove signing keys').addHelpText('after', EXAMPLES);
  keys
    .command('list')
    .description('the ids of the keys, the one that signs first')
    .option(...DATA_OPTION)
    .action(list);
  keys
    .command('add')
    .description('make a new key that signs from now on; links made so far stay valid')
    .option(...DATA_OPTION)
    .action(add);
  keys
    .command('remove')
    .description('remove a key: every link that it signed is void')
    .argument('<id>', 'from `baton keys list`')
    .option(...DATA_OPTION)
    .action(remove);
}

async function list(options: Settings): Promise<void> {
  const { current, byId } = await (await openFolder(options)).readKeys();
  for (const kid of [current, ...[...byId.keys()].filter((id) => id !== current)])
    print(`${kid}  ${kid === current ? 'signs' : 'accepted'}`);
}

async function add(options: Settings): Promise<void> {
  const folder = await openFolder(options);
  const { current } = await folder.changeKeys((keys) => addKey(keys, newKey(randomBytes)));
  print(current);
  await adviseRestart(folder, 'accepts links of the new key');
}

async function remove(kid: string, options: Settings): Promise<void> {
  const folder = await openFolder(options);
  await folder.changeKeys((keys) => {
    if (!keys.byId.has(kid)) throw new BatonError('OPTIONS_INVALID', `there is no key ${kid} in ${folder.path}`);
    if (keys.byId.size === 1) throw new BatonError('OPTIONS_INVALID', `${kid} is the only key: add another one first`);
    return removeKey(keys, kid);
  });
  await adviseRestart(folder, 'refuses links of the removed key');
}

const openFolder = (options: Settings): Promise<DataFolder> => openDataFolder(settings(options).dataFolder);

async function adviseRestart(folder: DataFolder, effect: string): Promise<void> {
  const server = await folder.readServer();
  if (server !== null) say(`${styled('yellow', 'Note:')} the server at ${server.origin} ${effect} after a restart.`);
}
