import { InvalidArgumentError } from 'commander';
import { readConfig, type Config } from '../config.ts';

/** Options of the command line that stand for variables of the environment. */
export interface Settings {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly keysSecret?: string;
}

/** The configuration: options of the command line before the environment before defaults. @throws CONFIG_INVALID */
export function settings({ port, host, data, keysSecret }: Settings): Config {
  return readConfig({
    ...process.env,
    ...(port === undefined ? {} : { PORT: port }),
    ...(host === undefined ? {} : { BATON_HOST: host }),
    ...(data === undefined ? {} : { BATON_DATA: data }),
    ...(keysSecret === undefined ? {} : { BATON_KEYS_SECRET: keysSecret }),
  });
}

/** For commander: the option that every command has. */
export const DATA_OPTION = ['--data <folder>', 'data folder with the keys (default: .baton)'] as const;

/** For commander: the option of commands that sign for a deployment on AWS. */
export const KEYS_SECRET_OPTION = [
  '--keys-secret <id>',
  'AWS secret with the signing keys, by name or ARN (default: the keys of the data folder)',
] as const;

/** A port, for commander; left as text, as the environment has it. */
export function portNumber(text: string): string {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return text;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}

/** Origin of a server as a person writes it: `https://radio.example`, with or without a slash at the end. */
export function originText(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new InvalidArgumentError('It must be an origin such as https://radio.example.');
}
