/** A camera that is on. */
export interface Camera {
  readonly stream: MediaStream;
  /** Its pictures as they come, until it is over; each is to be closed. */
  frames(signal: AbortSignal): AsyncGenerator<VideoFrame, void>;
  close(): void;
}

/** What of a camera is chosen; `any`: as the browser thinks. */
export type CameraChoice = { readonly deviceId: string } | 'any';

/** Opens a camera, if there is one that may be used. Rejects as getUserMedia does. */
export async function openCamera(choice: CameraChoice): Promise<Camera> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: {
      ...{ width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } },
      ...(choice !== 'any' && { deviceId: { exact: choice.deviceId } }),
    },
  });
  const [track] = stream.getVideoTracks();
  return {
    stream,
    frames: (signal) =>
      track === undefined
        ? none()
        : 'MediaStreamTrackProcessor' in globalThis
          ? processed(track, signal)
          : shown(stream, track, signal),
    close: () => track?.stop(),
  };
}

declare class MediaStreamTrackProcessor {
  constructor(init: { readonly track: MediaStreamTrack });
  readonly readable: ReadableStream<VideoFrame>;
}

/** Also while the page is not seen. */
async function* processed(track: MediaStreamTrack, signal: AbortSignal): AsyncGenerator<VideoFrame, void> {
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  signal.addEventListener('abort', () => void reader.cancel());
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return;
    yield value;
  }
}

/** What an element shows of it, where there is nothing better. */
async function* shown(
  stream: MediaStream,
  track: MediaStreamTrack,
  signal: AbortSignal,
): AsyncGenerator<VideoFrame, void> {
  const video = document.createElement('video');
  Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
  let wake: (time: number | null) => void = () => undefined;
  signal.addEventListener('abort', () => wake(null), { once: true });
  track.addEventListener('ended', () => wake(null), { once: true });
  const isOver = (): boolean => signal.aborted || track.readyState !== 'live';
  try {
    if (!isOver())
      await new Promise<number | null>((resolve, reject) => {
        wake = resolve;
        video.play().then(() => resolve(null), reject);
      });
    while (!isOver()) {
      const time = await new Promise<number | null>((resolve) => {
        wake = resolve;
        video.requestVideoFrameCallback(resolve);
      });
      if (time !== null) yield new VideoFrame(video, { timestamp: time * 1000 });
    }
  } finally {
    video.srcObject = null;
  }
}

async function* none(): AsyncGenerator<VideoFrame, void> {
  // nothing to be seen
}

/** The cameras; without a name and an id before the page was allowed to use one. */
export async function cameras(): Promise<readonly MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind }) => kind === 'videoinput');
}
