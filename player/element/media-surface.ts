import { isLive } from '../core/leg-address.ts';
import type { Levels, Playback, Stats } from '../playback.ts';
import { span } from './deck.ts';
import type { Loudness } from './loudness.ts';
import { ReflectedAttributes } from './reflected.ts';

const SLOWEST = 0.5;
const FASTEST = 3;

/** What of the interface of MediaError there is to say of a server's refusal. */
export interface PlayerError {
  /** As of a MediaError: 2 for the network or a refusal, 4 for what cannot be decoded. */
  readonly code: number;
  readonly message: string;
}

/** What makes the sound. */
export interface Sound {
  readonly audio: HTMLMediaElement;
  readonly playback: Playback;
  readonly loudness: Loudness;
  /** Null as long as there is nothing to see. */
  readonly video: () => HTMLVideoElement | null;
}

/** The interface of a media element (HTML 4.8.11) over a playback; seconds everywhere. */
export abstract class MediaSurface extends ReflectedAttributes {
  protected abstract readonly sound: Sound;
  #defaultRate = 1;

  /** What is played, or would be. */
  get currentSrc(): string {
    return this.sound.playback.source();
  }

  get currentTime(): number {
    return this.sound.playback.position();
  }
  set currentTime(seconds: number) {
    this.sound.playback.seek(seconds);
  }

  /** NaN until it is known. */
  get duration(): number {
    return this.sound.playback.duration();
  }

  /** False also while an interruption is being overcome: the listener did not ask for silence. */
  get paused(): boolean {
    return !this.sound.playback.wanted();
  }

  get ended(): boolean {
    return this.sound.audio.ended && this.paused;
  }

  get seeking(): boolean {
    return this.sound.audio.seeking;
  }

  get buffered(): TimeRanges {
    return this.sound.playback.buffered();
  }

  /** Everything, once the length is known: what is not there yet is asked for. Of a channel, what is kept of it. */
  get seekable(): TimeRanges {
    const { start, end } = span(this.sound.playback);
    return end > start ? { length: 1, start: () => start, end: () => end } : this.sound.audio.seekable;
  }

  get played(): TimeRanges {
    return this.sound.audio.played;
  }

  /** From 0.5 to 3; stays when another address is loaded. */
  get playbackRate(): number {
    return this.sound.audio.playbackRate;
  }
  set playbackRate(rate: number) {
    this.sound.playback.setRate(Math.min(FASTEST, Math.max(SLOWEST, rate)));
  }

  /** What `load()` goes back to. */
  get defaultPlaybackRate(): number {
    return this.#defaultRate;
  }
  set defaultPlaybackRate(rate: number) {
    this.#defaultRate = rate;
    this.dispatchEvent(new Event('ratechange'));
  }

  get preservesPitch(): boolean {
    return this.sound.audio.preservesPitch;
  }
  set preservesPitch(preserves: boolean) {
    this.sound.audio.preservesPitch = preserves;
  }

  /** As chosen, also while the sleep timer lowers it. */
  get volume(): number {
    return this.sound.loudness.volume();
  }
  set volume(level: number) {
    this.sound.loudness.setVolume(level);
  }

  get muted(): boolean {
    return this.sound.audio.muted;
  }
  set muted(muted: boolean) {
    this.sound.audio.muted = muted;
  }

  get error(): PlayerError | null {
    const state = this.sound.playback.recovery();
    if (state.at !== 'failed') return null;
    const { answer } = state.outage;
    if (answer?.kind !== 'refused') return { code: 4, message: 'The audio cannot be decoded.' };
    return { code: 2, message: answer.message ?? `HTTP status ${answer.status}` };
  }

  get readyState(): number {
    return this.sound.audio.readyState;
  }

  get networkState(): number {
    return this.error === null ? this.sound.audio.networkState : HTMLMediaElement.NETWORK_NO_SOURCE;
  }

  get textTracks(): TextTrackList {
    return this.sound.audio.textTracks;
  }

  /** As Media Chrome and its like ask. */
  get streamType(): 'live' | 'on-demand' | 'unknown' {
    const { playback } = this.sound;
    const src = playback.source();
    return src === '' ? 'unknown' : isLive(src) || playback.live() !== null ? 'live' : 'on-demand';
  }

  /** From here on a listener of a channel hears what is on now; NaN of anything else. */
  get liveEdgeStart(): number {
    return this.sound.playback.live()?.edgeStart() ?? Number.NaN;
  }

  /** Infinity for a channel, which can be rewound; else NaN. */
  get targetLiveWindow(): number {
    return this.streamType === 'live' ? Infinity : Number.NaN;
  }

  /** In pixels; 0 without a picture. */
  get videoWidth(): number {
    return this.sound.video()?.videoWidth ?? 0;
  }

  get videoHeight(): number {
    return this.sound.video()?.videoHeight ?? 0;
  }

  /** What of a playlist can be chosen from; null when there is nothing. */
  get levels(): Levels | null {
    return this.sound.playback.levels();
  }

  /** How the sound gets here. */
  get stats(): Stats {
    return this.sound.playback.stats();
  }

  canPlayType(type: string): CanPlayTypeResult {
    return this.sound.audio.canPlayType(type);
  }

  /** Resolves when playback begins or, during an interruption, when the next attempt does. Rejects as an audio element's. */
  play(): Promise<void> {
    return this.sound.playback.play();
  }

  pause(): void {
    this.sound.playback.pause();
  }

  /** Pauses and lets go of the server at once; `play` goes on at the same place. */
  stop(): void {
    this.sound.playback.stop();
  }

  /** To what is on now; plays. */
  seekToLive(): Promise<void> {
    this.sound.playback.live()?.toEdge();
    return this.play();
  }

  /** As of a video; rejects where there is none. */
  async requestPictureInPicture(): Promise<void> {
    await this.sound.video()?.requestPictureInPicture();
  }

  fastSeek(seconds: number): void {
    this.sound.playback.seek(seconds);
  }
}
