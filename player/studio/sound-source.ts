/** Where the sound of a show comes from. */
export type SourceChoice =
  | {
      readonly kind: 'microphone';
      /** Empty: as the browser thinks. */ readonly deviceId: string;
      readonly voice: boolean;
    }
  | { readonly kind: 'file'; readonly file: Blob };

/** A source that sounds. */
export interface SoundSource {
  readonly node: AudioNode;
  readonly channels: 1 | 2;
  /** Resolves when there is nothing more: the file is over, or the device was unplugged. */
  readonly over: Promise<void>;
  close(): void;
}

/** Opens a source in `context`. Rejects as getUserMedia or play() do. */
export const openSource = (choice: SourceChoice, context: AudioContext): Promise<SoundSource> =>
  choice.kind === 'file' ? openFile(choice.file, context) : openMicrophone(choice, context);

/** Without the tricks that make speech of everything, unless they are wanted: music is broadcast, too. */
async function openMicrophone(
  { deviceId, voice }: SourceChoice & { kind: 'microphone' },
  context: AudioContext,
): Promise<SoundSource> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: {
      ...{ echoCancellation: voice, noiseSuppression: voice, autoGainControl: voice, channelCount: 2 },
      ...(deviceId !== '' && { deviceId: { exact: deviceId } }),
    },
  });
  const [track] = stream.getAudioTracks();
  const node = context.createMediaStreamSource(stream);
  return {
    node,
    channels: (track?.getSettings().channelCount ?? 1) > 1 ? 2 : 1,
    over: new Promise((resolve) => track?.addEventListener('ended', () => resolve(), { once: true })),
    close() {
      node.disconnect();
      for (const each of stream.getTracks()) each.stop();
    },
  };
}

/** A file sounds as fast as it is heard, and is heard by who sends it. */
async function openFile(file: Blob, context: AudioContext): Promise<SoundSource> {
  const audio = new Audio();
  const url = URL.createObjectURL(file);
  audio.src = url;
  const node = context.createMediaElementSource(audio);
  node.connect(context.destination);
  const over = new Promise<void>((resolve) => {
    for (const type of ['ended', 'error']) audio.addEventListener(type, () => resolve(), { once: true });
  });
  const close = (): void => {
    node.disconnect();
    audio.pause();
    audio.removeAttribute('src');
    audio.load();
    URL.revokeObjectURL(url);
  };
  try {
    await audio.play();
  } catch (error) {
    close();
    throw error;
  }
  return { node, channels: 2, over, close };
}

/** The microphones; without a name before the page was allowed to use one. */
export async function microphones(): Promise<readonly MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== '');
}
