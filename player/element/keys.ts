/** The part of a KeyboardEvent that decides. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

/** What holds the focus: keys that mean something to it stay with it. */
export type Focus = 'player' | 'seek' | 'button' | 'volume' | 'choice' | 'list' | 'scroll';

/** What a key asks for; `louder` in shares of full volume. */
export type KeyAction =
  | { readonly kind: 'toggle' }
  | { readonly kind: 'mute' }
  | { readonly kind: 'fullscreen' | 'inset' }
  | { readonly kind: 'close' }
  | { readonly kind: 'skip'; readonly seconds: number }
  | { readonly kind: 'louder'; readonly by: number }
  | { readonly kind: 'chapter' | 'faster'; /** Steps forward. */ readonly by: number }
  | { readonly kind: 'jump'; /** 0 is the start, 1 the end. */ readonly to: number };

/** What a key does in the player, or null when the key is not the player's. */
export function keyAction(press: KeyPress, focus: Focus): KeyAction | null {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (OWN_KEYS[focus].includes(key)) return null;
  if (/^[0-9]$/.test(key)) return focus === 'choice' ? null : { kind: 'jump', to: Number(key) / 10 };
  return (press.shiftKey ? SHIFTED.get(key) : undefined) ?? ACTIONS.get(key) ?? null;
}

const ACTIONS: ReadonlyMap<string, KeyAction> = new Map<string, KeyAction>([
  [' ', { kind: 'toggle' }],
  ['k', { kind: 'toggle' }],
  ['m', { kind: 'mute' }],
  ['f', { kind: 'fullscreen' }],
  ['i', { kind: 'inset' }],
  ['j', { kind: 'skip', seconds: -15 }],
  ['l', { kind: 'skip', seconds: 30 }],
  ['[', { kind: 'chapter', by: -1 }],
  [']', { kind: 'chapter', by: 1 }],
  ['<', { kind: 'faster', by: -1 }],
  ['>', { kind: 'faster', by: 1 }],
  ['ArrowLeft', { kind: 'skip', seconds: -5 }],
  ['ArrowRight', { kind: 'skip', seconds: 5 }],
  ['ArrowUp', { kind: 'louder', by: 0.05 }],
  ['ArrowDown', { kind: 'louder', by: -0.05 }],
  ['Home', { kind: 'jump', to: 0 }],
  ['End', { kind: 'jump', to: 1 }],
  ['Escape', { kind: 'close' }],
]);

/** Brackets are out of reach on many keyboards. */
const SHIFTED: ReadonlyMap<string, KeyAction> = new Map<string, KeyAction>([
  ['ArrowLeft', { kind: 'chapter', by: -1 }],
  ['ArrowRight', { kind: 'chapter', by: 1 }],
]);

const ARROWS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'];

const OWN_KEYS: Readonly<Record<Focus, readonly string[]>> = {
  player: [],
  seek: [],
  button: [' '],
  volume: ARROWS,
  choice: [' ', '<', '>', 'Escape', ...ARROWS],
  list: [' ', 'ArrowUp', 'ArrowDown', 'Home', 'End'],
  scroll: [' ', ...ARROWS],
};
