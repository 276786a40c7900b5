import { createContext, Script } from 'node:vm';
import { cloudFrontModules, type ChosenOrigin } from './edge-modules.ts';

/** What a function is run with. */
export interface EdgeFunctionDeps {
  readonly keyValues: Readonly<Record<string, string>>;
  readonly originIds: readonly string[];
  readonly log: (text: string) => void;
}

export interface EdgeOutcome {
  /** As the function returned it, taken through JSON. */
  readonly result: unknown;
  /** Id of the origin that the function chose, or null. */
  readonly origin: string | null;
}

/** More than CloudFront allows; only there to end a loop without end. */
const RUN_MS = 1000;

/** Not in CloudFront's runtime, although part of the language. */
const ABSENT = ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry'];

/**
 * Compiles the code of a CloudFront Function. Each run has a fresh global object with the language, Buffer, console.log, atob
 * and btoa, and the modules cloudfront, crypto, buffer and querystring; no timers, no network, no Node, no eval. This keeps
 * a function to what it will find at the edge; it is no wall against hostile code.
 */
export function edgeFunction(code: string, deps: EdgeFunctionDeps): (event: object) => Promise<EdgeOutcome> {
  const script = new Script(withoutImports(code), { filename: 'viewer-request.js' });
  const call = new Script('Promise.resolve(handler(JSON.parse(event))).then((result) => JSON.stringify(result))');
  return async (event) => {
    const chosen: ChosenOrigin = { id: null };
    const modules = cloudFrontModules({ ...deps, chosen });
    const load = (name: string): unknown => {
      const found = modules.get(name);
      if (found === undefined) throw new Error(`there is no module ${name} in CloudFront's runtime`);
      return found;
    };
    const log = (...texts: unknown[]): void => deps.log(texts.map(String).join(' '));
    const context = createContext(
      {
        ...{ require: load, Buffer, atob, btoa, event: JSON.stringify(event) },
        console: { log, error: log, warn: log, info: log, debug: log },
      },
      { codeGeneration: { strings: false, wasm: false } },
    );
    new Script(ABSENT.map((name) => `delete globalThis.${name};`).join('')).runInContext(context);
    script.runInContext(context, { timeout: RUN_MS });
    const text = (await call.runInContext(context, { timeout: RUN_MS })) as string | undefined;
    return { result: text === undefined ? undefined : (JSON.parse(text) as unknown), origin: chosen.id };
  };
}

/** A script cannot import; the lines stay in place, so that an error names the right one. */
const withoutImports = (code: string): string =>
  code.replace(
    /^[ \t]*import\s+(\{[^}]*\}|[\w$]+)\s+from\s+(['"])([\w:]+)\2[ \t]*;?/gm,
    (_, names: string, __, module: string) => `const ${names.replace(/\bas\b/g, ':')} = require('${module}');`,
  );
