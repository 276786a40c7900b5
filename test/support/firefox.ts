import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';
const PULSE = '/usr/bin/pulseaudio';
/** Sound may begin without a click. */
const PREFERENCES = { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0 };

/** A tab of Firefox. */
export interface FirefoxTab extends AsyncDisposable {
  readonly version: string;
  /** What an expression gives in the page, promises awaited, as JSON has it. */
  evaluate<T>(expression: string): Promise<T>;
  /** Resolves when an expression is true. */
  until(expression: string, timeoutMs?: number): Promise<void>;
}

/** What is missing to run Firefox here; null when nothing is. `FIREFOX` names another binary. */
export function missingForFirefox(): string | null {
  const missing = [
    [FIREFOX, 'firefox-esr'],
    [PULSE, 'pulseaudio'],
  ].filter(([file = '']) => !existsSync(file));
  return missing.length === 0 ? null : `apt-get install ${missing.map(([, name]) => name).join(' ')}`;
}

/** Firefox as it comes, with a sound card that nobody hears: without one its clocks of audio stand still. */
export async function openInFirefox(url: string): Promise<FirefoxTab> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'baton-firefox-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${value});\n`);
  await writeFile(join(folder, 'user.js'), lines.join(''));
  const socket = join(folder, 'pulse');
  await soundCard(folder, socket, stack);
  const firefox = spawn(FIREFOX, ['--headless', '--no-remote', '--profile', folder, '--remote-debugging-port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: folder, PULSE_SERVER: `unix:${socket}` },
  });
  stack.defer(() => ended(firefox));
  const { send, close } = await connect(`${await addressOf(firefox)}/session`);
  stack.defer(close);
  const { capabilities } = await send<{ capabilities: { browserVersion: string } }>('session.new', {
    capabilities: {},
  });
  const { context } = await send<{ context: string }>('browsingContext.create', { type: 'tab' });
  await send('browsingContext.navigate', { context, url, wait: 'complete' });

  async function evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await send<Evaluated>('script.evaluate', {
      ...{ target: { context }, awaitPromise: true, userActivation: true },
      expression: `(async () => JSON.stringify((await (${expression})) ?? null))()`,
    });
    if (result === undefined) throw new Error(exceptionDetails?.text);
    return JSON.parse(result.value) as T;
  }

  const owned = stack.move();
  return {
    version: capabilities.browserVersion,
    evaluate,
    async until(expression, timeoutMs = 60_000) {
      for (const start = Date.now(); Date.now() - start < timeoutMs;) {
        if (await evaluate<boolean>(expression)) return;
        await sleep(100);
      }
      throw new Error(`not within ${timeoutMs} ms: ${expression}`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface Evaluated {
  readonly result?: { readonly value: string };
  readonly exceptionDetails?: { readonly text: string };
}

async function soundCard(folder: string, socket: string, stack: AsyncDisposableStack): Promise<void> {
  const modules = ['module-null-sink', `module-native-protocol-unix auth-anonymous=1 socket=${socket}`];
  const alone = ['-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', '--disable-shm=yes'];
  const pulse = spawn(PULSE, [...alone, ...modules.flatMap((module) => ['-L', module])], {
    stdio: 'ignore',
    env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, PULSE_RUNTIME_PATH: folder },
  });
  stack.defer(() => ended(pulse));
  for (let tries = 0; tries < 100 && !existsSync(socket); tries++) await sleep(50);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function addressOf(firefox: ChildProcess): Promise<string> {
  let said = '';
  for await (const piece of firefox.stderr ?? []) {
    said += String(piece);
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
    if (address === undefined) continue;
    firefox.stderr?.resume();
    return address;
  }
  throw new Error(`Firefox ended: ${said}`);
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly message?: string;
}

interface Session {
  readonly send: <T>(method: string, params: object) => Promise<T>;
  readonly close: () => void;
}

/** Commands of WebDriver BiDi (w3.org/TR/webdriver-bidi, section 3). */
async function connect(address: string): Promise<Session> {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  let ids = 0;
  return {
    async send<T>(method: string, params: object): Promise<T> {
      const { promise, resolve } = Promise.withResolvers<Answer>();
      const id = ++ids;
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
      const { result, message } = await promise;
      waiting.delete(id);
      if (result === undefined) throw new Error(`${method}: ${message ?? ''}`);
      return result as T;
    },
    close: () => socket.close(),
  };
}
