import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { restartable, type Restartable } from './restartable.ts';

/** What a page says of what it plays. */
export interface Playing {
  readonly errors: readonly string[];
  readonly ended: boolean;
  readonly time: number;
  readonly duration: number;
  readonly buffered: readonly (readonly [number, number])[];
  readonly rate: number;
  /** Seconds in which the element waited for more, once it had begun. */
  readonly waited: number;
  /** Seconds in which it stood, for whatever reason, once it had begun. */
  readonly stood: number;
  readonly fragments: readonly number[];
}

const MODULES = join(import.meta.dirname, '../../node_modules');
const HLS_JS = readFileSync(join(MODULES, 'hls.js/dist/hls.light.min.js'), 'utf8');
const SHAKA = readFileSync(join(MODULES, 'shaka-player/dist/shaka-player.compiled.js'), 'utf8');

/** Sound is muted, and nothing is heard of it: what was decoded is tapped where it leaves the element. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>Test</title><video id="media"></video>
<script src="/hls.js"></script><script src="/shaka.js"></script><script>
const media = document.getElementById('media');
const state = { errors: [], fragments: [], waitedSince: null, waited: 0, stood: 0 };
media.addEventListener('error', () => state.errors.push('media ' + (media.error && media.error.message)));
media.addEventListener('waiting', () => { if (media.currentTime > 0.5) state.waitedSince = performance.now(); });
media.addEventListener('playing', () => {
  if (state.waitedSince !== null) state.waited += (performance.now() - state.waitedSince) / 1000;
  state.waitedSince = null;
});
let last = { at: 0, time: 0 };
setInterval(() => {
  const now = { at: performance.now(), time: media.currentTime };
  if (last.time > 0 && now.time === last.time && !media.ended) state.stood += (now.at - last.at) / 1000;
  last = now;
}, 100);
window.playing = () => ({
  errors: state.errors, fragments: state.fragments, ended: media.ended, time: media.currentTime, duration: media.duration,
  rate: media.playbackRate, waited: state.waited, stood: state.stood,
  buffered: Array.from({ length: media.buffered.length }, (_, i) => [media.buffered.start(i), media.buffered.end(i)]),
});
window.begin = async (player, src, config) => {
  if (player === 'hls.js') {
    const hls = (window.hls = new Hls(config || {}));
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (data.fatal || !/aborted|bufferStalledError|bufferSeekOverHole|bufferNudgeOnStall/.test(data.details))
        state.errors.push(data.type + ' ' + data.details + (data.fatal ? ' fatal' : '') + ' ' + ((data.response && data.response.code) || ''));
    });
    hls.on(Hls.Events.FRAG_BUFFERED, (_, data) => state.fragments.push(data.frag.sn));
    hls.loadSource(src);
    hls.attachMedia(media);
  } else {
    shaka.polyfill.installAll();
    const shakaPlayer = (window.shakaPlayer = new shaka.Player());
    await shakaPlayer.attach(media);
    shakaPlayer.addEventListener('error', (event) => state.errors.push('shaka ' + event.detail.code));
    if (config) shakaPlayer.configure(config);
    await shakaPlayer.load(src);
  }
  await media.play();
};
</script>`;

/** A page of its own origin with both players, as anybody has them. */
export function hlsPage(): Promise<Restartable> {
  const files: Readonly<Record<string, readonly [string, string]>> = {
    '/': ['text/html; charset=utf-8', PAGE],
    '/hls.js': ['text/javascript; charset=utf-8', HLS_JS],
    '/shaka.js': ['text/javascript; charset=utf-8', SHAKA],
  };
  return restartable((request, response) => {
    const [type, text] = files[request.url ?? ''] ?? ['text/plain', ''];
    response.setHeader('content-type', type).end(text);
  });
}
