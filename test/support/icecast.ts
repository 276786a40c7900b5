import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import type { Program } from './radio-program.ts';

/** The Icecast of the system, where there is one. */
export const ICECAST = existsSync('/usr/bin/icecast2') ? '/usr/bin/icecast2' : null;

/** A real Icecast on loopback. */
export interface Icecast extends AsyncDisposable {
  readonly origin: string;
  readonly pid: number;
  /** Plays a program on a mount, without end; ends with the server or when `stop` is called. */
  readonly play: (mount: string, program: Program, speed?: number) => Promise<{ readonly stop: () => void }>;
  readonly title: (mount: string, title: string) => Promise<void>;
}

const PASSWORD = 'of the tests';
const authorization = (user: string): string => `Basic ${Buffer.from(`${user}:${PASSWORD}`).toString('base64')}`;

/** `listeners` is how many it lets in. */
export async function startIcecast(binary: string, listeners = 100): Promise<Icecast> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-icecast-'));
  const port = await freePort();
  await writeFile(join(folder, 'icecast.xml'), configuration(folder, port, listeners));
  await chmod(folder, 0o777); // it does not stay root
  const server = spawn(binary, ['-c', join(folder, 'icecast.xml')], { stdio: 'ignore' });
  const sources = new Set<Socket>();
  const origin = `http://127.0.0.1:${port}`;

  const close = async (): Promise<void> => {
    for (const socket of sources) socket.destroy();
    if (server.exitCode === null && server.signalCode === null) {
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, () => server.exitCode !== null);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    origin,
    pid: server.pid ?? 0,
    play: async (mount, program, speed = 1) => {
      const socket = await sourceOn(port, mount, program);
      sources.add(socket);
      void send(socket, program, speed);
      await mounted(`${origin}${mount}`);
      return { stop: () => void socket.end() };
    },
    title: async (mount, title) => {
      const query = new URLSearchParams({ mount, mode: 'updinfo', song: title, charset: 'UTF-8' });
      const headers = { authorization: authorization('admin') };
      const response = await fetch(`${origin}/admin/metadata?${query.toString()}`, { headers });
      if (response.status !== 200) throw new Error(`metadata: ${response.status}`);
      await response.arrayBuffer();
    },
    [Symbol.asyncDispose]: close,
  };
}

const configuration = (folder: string, port: number, listeners: number): string => `<icecast>
  <location>here</location><admin>nobody@localhost</admin><hostname>localhost</hostname>
  <limits><clients>${listeners}</clients><sources>20</sources><burst-size>65535</burst-size></limits>
  <authentication>
    <source-password>${PASSWORD}</source-password>
    <admin-user>admin</admin-user><admin-password>${PASSWORD}</admin-password>
  </authentication>
  <listen-socket><port>${port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <paths>
    <basedir>${folder}</basedir><logdir>${folder}</logdir>
    <webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot>
  </paths>
  <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>2</loglevel></logging>
  <security>
    <chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner>
  </security>
</icecast>
`;

async function listening(port: number, isOver: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !isOver(); tries++) {
    const socket = connect(port, '127.0.0.1');
    const state = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).then(
      () => 'open',
      () => 'closed',
    );
    socket.destroy();
    if (state === 'open') return;
    await sleep(25);
  }
  throw new Error('icecast2 does not start');
}

/** The protocol of source clients: a request whose body has no end. */
async function sourceOn(port: number, mount: string, { contentType, kbps }: Program): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const headers = [
    `SOURCE ${mount} HTTP/1.0`,
    `authorization: ${authorization('source')}`,
    `content-type: ${contentType}`,
    ...['ice-name: Radio Prüfstand', 'ice-genre: Signals', 'ice-url: http://radio.example/', `ice-bitrate: ${kbps}`],
  ];
  socket.write(`${headers.join('\r\n')}\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!/^HTTP\/1\.\d 200/.test(answer.toString())) throw new Error(answer.toString());
  socket.resume();
  return socket;
}

/** In time, from 64 kB on. */
async function send(socket: Socket, { pieces }: Program, speed: number): Promise<void> {
  const began = performance.now();
  let seconds = 0;
  for (let next = 0, bytes = 0; socket.writable; next++) {
    const piece = pieces[next % pieces.length];
    if (piece === undefined) return;
    bytes += piece.bytes.length;
    if (bytes > 65_536) seconds += piece.seconds;
    const wait = began + (seconds / speed) * 1000 - performance.now();
    if (wait > 0) await sleep(Math.max(20, wait));
    socket.write(piece.bytes);
  }
}

async function mounted(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const response = await fetch(url);
    await response.body?.cancel();
    if (response.status === 200) return;
    await sleep(25);
  }
  throw new Error(`${url} is not there`);
}
