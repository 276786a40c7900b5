import type { Listening, Scope } from './listening.ts';

/** Of a browser that takes no more. */
export const ROOM_SECONDS = 12;

/** What a page of these tests can do to the buffer behind the player's back. */
export type Hands = Scope & { buffer: SourceBuffer; source: MediaSource & { streaming: boolean } };

/** Gets hold of the source buffer; it has little room, takes no twelfth append, or takes it for noise. */
export const meddle = (tab: Listening, spoil: 'nothing' | 'quota' | 'throw' | 'noise'): Promise<void> =>
  tab.page.evaluate(
    ([how, room]) => {
      const { prototype } = MediaSource;
      const add = Object.getOwnPropertyDescriptor(prototype, 'addSourceBuffer')?.value as (
        type: string,
      ) => SourceBuffer;
      let appends = 0;
      prototype.addSourceBuffer = function (type) {
        const buffer = add.call(this, type);
        (globalThis as Hands).buffer = buffer;
        const append = buffer.appendBuffer.bind(buffer);
        buffer.appendBuffer = (data) => {
          appends++;
          const { buffered } = buffer;
          const held = buffered.length === 0 ? 0 : buffered.end(buffered.length - 1) - buffered.start(0);
          if (how === 'quota' && held > room) throw new DOMException('', 'QuotaExceededError');
          if (how === 'throw' && appends === 12) throw new DOMException('', 'InvalidStateError');
          const isNoise = how === 'noise' && appends === 12;
          append(isNoise ? Uint8Array.from(data as Uint8Array, (byte, i) => (i < 400 ? byte : 255 - byte)) : data);
        };
        return buffer;
      };
    },
    [spoil, ROOM_SECONDS] as const,
  );
