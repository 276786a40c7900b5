/*! hls.js, https://github.com/video-dev/hls.js, Apache-2.0 */
import type Full from 'hls.js';
// @ts-expect-error -- comes without types; it is the same class with less behind it
import Light from 'hls.js/light';

/** For what has sound and picture in the same segments, or only sound. */
export const Hls = Light as typeof Full;
