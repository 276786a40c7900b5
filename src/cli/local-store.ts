import type { Config } from '../config.ts';
import type { BatonError } from '../errors.ts';
import { degradingStore } from '../store/degrading.ts';
import { folderStore } from '../store/folder.ts';
import { layeredStore } from '../store/layered.ts';
import { memoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { say, styled } from './terminal.ts';

/** The store in the data folder behind one in memory. When its disk fails, listeners are served all the same. */
export function localStore(folder: string, { storeBytes, memoryBytes }: Config): Store {
  const now = (): number => Date.now();
  const back = folderStore(folder, { maxBytes: storeBytes, now });
  const warn = ({ message, detail }: BatonError): void =>
    say(`${styled('yellow', 'Warning:')} ${message} Playing goes on without it. ${detail}`);
  return degradingStore(layeredStore(memoryStore({ maxBytes: memoryBytes }), back), warn, now);
}
