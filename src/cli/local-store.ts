import type { Config } from '../config.ts';
import type { BatonError } from '../errors.ts';
import { openStores, type Stores } from '../store/open-store.ts';
import { say, styled } from './terminal.ts';

/** The configured store, or the one in the data folder. When it fails, listeners are served all the same. */
export function localStore(folder: string, config: Config): Promise<Stores> {
  const onFault = ({ message, detail }: BatonError): void =>
    say(`${styled('yellow', 'Warning:')} ${message} Playing goes on without it. ${detail}`);
  return openStores({ config, folder, onFault, now: Date.now });
}
