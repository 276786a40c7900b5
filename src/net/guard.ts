import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { readIcyAsHttp } from './icy-status.ts';

/** dns.lookup with `all: true`; tests put their own zone here. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses?: LookupAddress[]) => void,
) => void;

/** What the guard lets through. */
export interface GuardOptions {
  /** Origins (`http://localhost:3000`) that may be loopback or private and on any port. Nothing else is opened by them. */
  readonly allowOrigins?: readonly string[];
  /** Ports that sources may use; the default ports of http and https are written out. */
  readonly ports?: readonly string[];
  readonly resolve?: Resolve;
  readonly connector?: typeof buildConnector;
}

/** For the agent behind the guard. */
export interface AgentOptions extends GuardOptions {
  readonly connectMs: Milliseconds;
  readonly maxHeaderBytes: Bytes;
}

const DEFAULT_PORTS: readonly string[] = ['80', '443', '8000', '8080', '8443'];

/**
 * The first wall, on every hop: http or https without credentials, an allowed port, and no address literal that is not
 * public. Names are judged when they are resolved.
 * @throws SOURCE_REFUSED
 */
export function checkUrl(url: URL, options: GuardOptions = {}): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(`scheme ${url.protocol}`);
  if (url.username !== '' || url.password !== '') throw refused('credentials in the URL');
  if (options.allowOrigins?.includes(url.origin) === true) return;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (!(options.ports ?? DEFAULT_PORTS).includes(port)) throw refused(`port ${port}`);
  const host = bareHost(url.hostname);
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw refused(`address ${host}`);
}

/**
 * The undici agent that owns every socket to a source: it checks address literals, all DNS answers, and the address of
 * the peer that was reached. It keeps connections alive, understands `ICY 200 OK`, follows no redirects, and has no timers
 * for head and body: those belong to whoever reads.
 * @throws CONFIG_INVALID for an `allowOrigins` entry that is not exactly an http or https origin
 */
export function guardedAgent(options: AgentOptions): Agent {
  const allowed = new Set(options.allowOrigins?.map(exactOrigin));
  const resolve = options.resolve ?? lookup;
  const build = options.connector ?? buildConnector;
  const dial = { timeout: options.connectMs, allowH2: false };
  const connectAnywhere = build({ ...dial, lookup: anyAnswer(resolve) });
  const connectPublic = onlyPublic(build({ ...dial, lookup: publicAnswers(resolve) }));
  return new Agent({
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: options.maxHeaderBytes,
    connect(target, done) {
      const connect = allowed.has(originOf(target)) ? connectAnywhere : connectPublic;
      connect(target, (...[error, socket]) => {
        if (error !== null) return void done(unreachable(error, target.hostname), null);
        readIcyAsHttp(socket);
        done(null, socket);
      });
    },
  });
}

/** True for a textual IP address, without zone, that is globally reachable unicast. Anything else is not public. */
export function isPublicAddress(ip: string): boolean {
  if (ip.includes('%')) return false;
  const family = isIP(ip);
  if (family === 4) return !SPECIAL_V4.check(ip, 'ipv4');
  return family === 6 && UNICAST_V6.check(ip, 'ipv6') && !SPECIAL_V6.check(ip, 'ipv6');
}

const SPECIAL_V4 = subnets('ipv4', [
  '0.0.0.0/8', // this host, RFC 791
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // carrier-grade NAT, RFC 6598
  '127.0.0.0/8', // loopback, RFC 1122
  '169.254.0.0/16', // link-local and cloud metadata, RFC 3927
  '168.63.129.16/32', // Azure's host; a public number with a private meaning
  '172.16.0.0/12', // private, RFC 1918
  '192.0.0.0/24', // protocol assignments, RFC 6890
  '192.0.2.0/24', // documentation, RFC 5737
  '192.31.196.0/24', // AS112, RFC 7535
  '192.52.193.0/24', // AMT relays, RFC 7450
  '192.88.99.0/24', // 6to4 relays, RFC 7526
  '192.168.0.0/16', // private, RFC 1918
  '192.175.48.0/24', // AS112, RFC 7534
  '198.18.0.0/15', // benchmarks, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '224.0.0.0/4', // multicast, RFC 5771
  '240.0.0.0/4', // reserved and broadcast, RFC 1112
]);

// An allow-list, so that mapped, compatible, NAT64, unique-local, link-local and unassigned space all fall outside.
const UNICAST_V6 = subnets('ipv6', ['2000::/3']);

const SPECIAL_V6 = subnets('ipv6', [
  '2001::/23', // protocol assignments with Teredo and ORCHID, RFC 2928
  '2001:db8::/32', // documentation, RFC 3849
  '2002::/16', // 6to4, which carries an IPv4 address, RFC 3056
  '2620:4f:8000::/48', // AS112, RFC 7534
  '3fff::/20', // documentation, RFC 9637
]);

function subnets(family: 'ipv4' | 'ipv6', networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const slash = network.indexOf('/');
    list.addSubnet(network.slice(0, slash), Number(network.slice(slash + 1)), family);
  }
  return list;
}

function exactOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.origin === text && !text.includes('*')) return text;
  throw new BatonError('CONFIG_INVALID', `allowed origin ${text}: write it like http://localhost:3000`);
}

function originOf({ protocol, hostname, port }: buildConnector.Options): string {
  const host = isIPv6(hostname) ? `[${hostname}]` : hostname;
  return new URL(port === '' ? `${protocol}//${host}` : `${protocol}//${host}:${port}`).origin;
}

const anyAnswer =
  (resolve: Resolve): LookupFunction =>
  (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses = []) => {
      const [first] = addresses;
      if (error !== null) done(error, '');
      else if (first === undefined) done(noAddress(hostname), '');
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };

// One private answer refuses the name: the dial may choose any of them.
const publicAnswers = (resolve: Resolve): LookupFunction =>
  anyAnswer((hostname, options, done) => {
    resolve(hostname, options, (error, addresses = []) => {
      const bad = addresses.find(({ address }) => !isPublicAddress(address));
      if (bad === undefined) done(error, addresses);
      else done(refused(`${hostname} resolves to ${bad.address}`), []);
    });
  });

function onlyPublic(connect: buildConnector.connector): buildConnector.connector {
  return (target, done) => {
    const host = bareHost(target.hostname);
    // A lookup is never asked about a literal.
    if (isIP(host) !== 0 && !isPublicAddress(host)) {
      queueMicrotask(() => done(refused(`address ${host}`), null));
      return;
    }
    connect(target, (...[error, socket]) => {
      if (error !== null) return void done(error, null);
      const peer = socket.remoteAddress;
      if (peer !== undefined && isPublicAddress(peer)) return void done(null, socket);
      socket.destroy();
      done(peer === undefined ? new Error('the peer left at once') : refused(`peer ${peer}`), null);
    });
  };
}

function unreachable(error: Error, hostname: string): BatonError {
  if (error instanceof BatonError) return error;
  const causes = error instanceof AggregateError ? (error.errors as unknown[]).map(String).join(', ') : '';
  return new BatonError('SOURCE_UNREACHABLE', `${hostname}: ${error.message} ${causes}`.trim(), { cause: error });
}

const bareHost = (host: string): string => host.replace(/^\[|\]$/g, '');

const refused = (detail: string): BatonError => new BatonError('SOURCE_REFUSED', detail);

const noAddress = (hostname: string): Error => new Error(`no address for ${hostname}`);
