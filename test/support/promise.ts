import type { Fixture } from './fixture-cache.ts';
import { testSignal, type Pcm, type Reference } from './signal.ts';

/** What an output of a fixture has to be, worked out from how the fixture was made and nothing that Baton says. */
export interface Promised {
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** What a decoder gives. */
  readonly samples: number;
  /** The sound before it was encoded, by samples of the output. */
  readonly reference: Reference;
}

/** A name for a link with these options. */
export function episodeName(options: string): string {
  const codec = /^codec\.([a-z0-9]+)/.exec(options)?.[1] ?? '';
  return `episode.${EXTENSIONS[codec] ?? 'mp3'}`;
}

const EXTENSIONS: Readonly<Record<string, string>> = { opus: 'opus', pcm: 'wav', aac: 'mp4' };

/** `options` are those of a link to `fixture`; what is relayed keeps the rate of the source. */
export function promised(fixture: Fixture, options: string): Promised {
  const option = (key: string): string | undefined => options.split(`${key}.`)[1]?.split('~')[0];
  const kbps = option('bitrate');
  const isRelayed = options === 'codec.copy' || RELAYED[fixture.name] === options;
  if (isRelayed)
    return { ...layout(fixture, fixture.channels, fixture.sampleRate, 0), samples: fixture.expectedSamples };
  const sampleRate = options.includes('codec.mp3') && parseInt(kbps ?? '') < 64 ? 24_000 : 48_000;
  const whole = Math.ceil((fixture.expectedSamples * sampleRate) / fixture.sampleRate);
  const start = (parseInt(option('start') ?? '0') * sampleRate) / 1000;
  const end = Math.min(whole, (parseInt(option('end') ?? '999999999') * sampleRate) / 1000);
  const asked = option('channels');
  const channels = asked === undefined ? fixture.channels : asked === 'mono' ? 1 : 2;
  return { ...layout(fixture, channels, sampleRate, start), samples: end - start };
}

/** What the sources of constant bitrate are already. */
const RELAYED: Readonly<Record<string, string>> = {
  'cbr.mp3': 'codec.mp3~bitrate.128k',
  'cbr-320.mp3': 'codec.mp3~bitrate.320k',
  'mpeg25-11k.mp3': 'codec.mp3~bitrate.32k',
  'artwork-3mb.mp3': 'codec.mp3~bitrate.128k',
  'cbr-48k-bare.mp3': 'codec.mp3~bitrate.128k',
  'cbr-mono-padded.mp3': 'codec.mp3~bitrate.64k~channels.mono',
  'mpeg2-22k.mp3': 'codec.mp3~bitrate.64k',
};

function layout({ lead, sampleRate: made }: Fixture, channels: 1 | 2, sampleRate: number, start: number) {
  const shift = (lead * sampleRate) / made - start;
  const reference = (from: number, to: number): Pcm => {
    const silent = Math.min(to - from, Math.max(0, Math.ceil(shift) - from));
    const sound = testSignal(from + silent - shift, to - shift, { sampleRate, channels });
    const data = new Int16Array((to - from) * channels);
    data.set(sound.data.subarray(0, (to - from - silent) * channels), silent * channels);
    return { data, sampleRate, channels };
  };
  return { sampleRate, channels, reference };
}
