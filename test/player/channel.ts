import { publicLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton, testKeys, type TestBaton } from '../support/baton.ts';
import { programOf } from '../support/radio-program.ts';
import { startRadio, type Radio } from '../support/radio.ts';
import { encodeChirp, type Chirp } from './chirp.ts';

const MP3 = ['-c:a', 'libmp3lame', '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'];
const LEG_MS = 5000;
/** Ten seconds: what a listener has ahead when a slow machine restarts the server. */
const [BURST_BYTES, BEHIND_MS] = [160_000, 10_000];

/** A channel of a chirp, on a server whose legs last five seconds. */
export interface Channel extends AsyncDisposable {
  readonly radio: Radio;
  /** Its framed stream. */
  readonly src: string;
  /** Of the page that plays it. */
  readonly embed: string;
  /** Stops the server, and starts it again at the same port; perhaps without what it knew of the channel. */
  restart(isForgetful?: boolean): Promise<void>;
}

export async function startChannel(chirp: Chirp): Promise<Channel> {
  const radio = await startRadio(programOf(await encodeChirp(chirp, MP3), 'audio/mpeg'), {
    behaviour: { burstBytes: BURST_BYTES },
  });
  const setup = {
    ...{ allowOrigins: [radio.origin], store: newStore(), keys: testKeys() },
    config: { liveLegMs: LEG_MS, behindMs: BEHIND_MS, shutdownMs: 2000 },
  };
  let baton: TestBaton = await startBaton(setup);
  const { origin } = baton;
  const source = radio.url();
  const options = 'codec.aac~bitrate.128k';
  const live = publicLink({ kind: 'live', options, source, name: 'live.mp4' }, setup.keys);
  const page = publicLink({ kind: 'embed', options: `${options}~kind.live`, source, name: 'a-radio.html' }, setup.keys);
  return {
    ...{ radio, src: origin + live, embed: origin + page },
    async restart(isForgetful = false) {
      await baton.stop();
      const store = isForgetful ? newStore() : setup.store;
      baton = await startBaton({ ...setup, store, config: { ...setup.config, port: Number(new URL(origin).port) } });
    },
    async [Symbol.asyncDispose]() {
      await baton.stop();
      await radio.close();
    },
  };
}

const newStore = () => memoryStore({ maxBytes: 2 ** 28 });
