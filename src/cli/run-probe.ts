import { openDataFolder } from '../local/data-folder.ts';
import { sourceNet } from '../source/source-net.ts';
import { createSources } from '../source/sources.ts';
import { describeSource } from './describe-source.ts';
import { localStore } from './local-store.ts';
import { withProgress } from './progress.ts';
import { settings, type Settings } from './settings.ts';
import { sourceText } from './source-text.ts';
import { print } from './terminal.ts';

export interface ProbeOptions extends Settings {
  readonly json?: true;
}

/** Looks at a source as a server on the same data folder would, and prints what it finds. */
export async function runProbe(url: string, options: ProbeOptions): Promise<void> {
  const config = settings(options);
  const folder = await openDataFolder(config.dataFolder);
  await using cleanup = new AsyncDisposableStack();
  const { store } = await localStore(folder.storeFolder, config);
  cleanup.defer(() => store.close());
  const server = await folder.readServer();
  const net = sourceNet({ ...config, allowOrigins: [...config.allowOrigins, ...(server?.allowOrigins ?? [])] });
  cleanup.defer(() => net.close());
  const sources = createSources({
    net,
    store,
    now: () => Date.now(),
    revalidateMs: 0, // somebody who asks wants to know how it is now
    maxSpoolBytes: config.spoolBytes,
  });
  cleanup.defer(() => sources.close());
  const meter = { sourceBytes: 0 };
  const source = await withProgress('Looking at the source', () =>
    sources.open(url, new AbortController().signal, meter),
  );
  const description = await describeSource(source, store, meter.sourceBytes);
  print(options.json === true ? JSON.stringify(description, null, 2) : sourceText(description));
}
