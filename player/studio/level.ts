/** How loud a source is now, in decibels below full scale; -Infinity for silence. */
export interface Level {
  /** Of the loudest sample since about the last look. */
  peak(): number;
}

/** Listens to `node`. */
export function createLevel(node: AudioNode): Level {
  const analyser = new AnalyserNode(node.context, { fftSize: 4096 });
  node.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    peak() {
      analyser.getFloatTimeDomainData(samples);
      let most = 0;
      for (const sample of samples) most = Math.max(most, Math.abs(sample));
      return 20 * Math.log10(most);
    },
  };
}
