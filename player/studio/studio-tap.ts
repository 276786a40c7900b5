/** As much of an AudioWorklet's scope as is used. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

/** Samples that are passed on at once: 20 ms at 48 kHz. */
const BLOCK = 960;

/** Passes all samples that come in on to the page, in blocks of a plane for each channel, one after the other. */
class Tap extends AudioWorkletProcessor {
  #block = new Float32Array(0);
  #filled = 0;

  process([planes = []]: readonly (readonly Float32Array[])[]): boolean {
    if (planes.length === 0) return true;
    if (this.#block.length !== planes.length * BLOCK) {
      this.#block = new Float32Array(planes.length * BLOCK);
      this.#filled = 0;
    }
    const { length } = planes[0] ?? [];
    for (let at = 0; at < length;) {
      const count = Math.min(length - at, BLOCK - this.#filled);
      for (const [channel, plane] of planes.entries())
        this.#block.set(plane.subarray(at, at + count), channel * BLOCK + this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < BLOCK) continue;
      this.port.postMessage(this.#block);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor('baton-tap', Tap);
