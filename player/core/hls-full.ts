/*! hls.js, https://github.com/video-dev/hls.js, Apache-2.0 */
/** For playlists with sound or texts of their own, too. */
export { default as Hls } from 'hls.js';
