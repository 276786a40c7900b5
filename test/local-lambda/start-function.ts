import { join } from 'node:path';
import type { FunctionSpec } from '../../src/local-lambda/runtime/function-spec.ts';
import { localFunction, type LocalFunction } from '../../src/local-lambda/runtime/function.ts';
import { installRuntime } from '../../src/local-lambda/runtime/install-runtime.ts';
import { InvocationError } from '../../src/local-lambda/runtime/invocation-error.ts';
import type { Invocation } from '../../src/local-lambda/runtime/invocation.ts';
import type { LogLine } from '../../src/local-lambda/runtime/log-line.ts';
import type { RuntimeLimits } from '../../src/local-lambda/runtime/runtime-limits.ts';

/** A function of fixtures/behaviours.mjs in the local Lambda; `await using` stops it. */
export interface Started extends AsyncDisposable {
  readonly fn: LocalFunction;
  readonly lines: readonly LogLine[];
  /** Invokes a behaviour and reads the whole body. */
  call(event: Event, streaming?: boolean): Promise<Answer>;
  /** Invokes a behaviour; the body is not read yet. */
  begin(event: Event, streaming?: boolean): Promise<Invocation>;
  /** The error of an invocation, from before or from within its response. */
  failure(event: Event, streaming?: boolean): Promise<InvocationError>;
  /** The value that a plain handler gave. */
  value(event: Event): Promise<unknown>;
}

/** What fixtures/behaviours.mjs shall do. */
export type Event = { readonly do: string } & Readonly<Record<string, unknown>>;

export interface Answer {
  readonly invocation: Invocation;
  readonly text: string;
  readonly size: number;
}

export interface Setting {
  readonly spec?: Partial<FunctionSpec>;
  readonly limits?: Partial<RuntimeLimits>;
}

/** `stream` is the streamifyResponse handler of the fixture, `value` its plain one. */
export async function startFunction(
  handler: 'stream' | 'value',
  { spec, limits = {} }: Setting = {},
): Promise<Started> {
  const runtime = await installRuntime((text) => console.log(text));
  const lines: LogLine[] = [];
  const fn = localFunction(
    {
      name: 'behaviours',
      taskRoot: join(import.meta.dirname, 'fixtures'),
      handler: `behaviours.${handler}`,
      memoryMb: 512,
      timeoutSeconds: 10,
      environment: {},
      maxEnvironments: 1,
      ...spec,
    },
    { runtime, limits: { shutdownMs: 500, ...limits }, log: (line) => lines.push(line) },
  );
  const begin: Started['begin'] = (event, streaming = handler === 'stream') =>
    fn.invoke(Buffer.from(JSON.stringify(event)), { streaming });
  const call: Started['call'] = async (event, streaming) => {
    const invocation = await begin(event, streaming);
    const body = await readAll(invocation.body);
    return { invocation, text: body.toString(), size: body.length };
  };
  return {
    fn,
    lines,
    begin,
    call,
    failure: (event, streaming) => failureOf(call(event, streaming)),
    value: async (event) => JSON.parse((await call(event)).text) as unknown,
    [Symbol.asyncDispose]: () => fn.stop(),
  };
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

export async function failureOf(work: Promise<unknown>): Promise<InvocationError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof InvocationError) return outcome;
  throw new Error(`not an InvocationError: ${String(outcome)}`);
}

/** The texts of the platform lines that begin with `word`. */
export function platformLines({ lines }: Started, word: string): string[] {
  return lines.filter(({ kind, text }) => kind === 'platform' && text.startsWith(word)).map(({ text }) => text);
}
