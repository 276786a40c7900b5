import { expect, test } from 'vitest';
import { keyAction } from '../../player/element/keys.ts';

const press = (key: string, held: object = {}) => ({
  key,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  shiftKey: false,
  ...held,
});

test.each([
  [' ', { kind: 'toggle' }],
  ['k', { kind: 'toggle' }],
  ['K', { kind: 'toggle' }],
  ['j', { kind: 'skip', seconds: -15 }],
  ['l', { kind: 'skip', seconds: 30 }],
  ['ArrowLeft', { kind: 'skip', seconds: -5 }],
  ['ArrowRight', { kind: 'skip', seconds: 5 }],
  ['m', { kind: 'mute' }],
  ['Home', { kind: 'jump', to: 0 }],
  ['End', { kind: 'jump', to: 1 }],
  ['7', { kind: 'jump', to: 0.7 }],
  ['[', { kind: 'chapter', by: -1 }],
  [']', { kind: 'chapter', by: 1 }],
  ['<', { kind: 'faster', by: -1 }],
  ['>', { kind: 'faster', by: 1 }],
  ['Escape', { kind: 'close' }],
  ['x', null],
  ['Tab', null],
])('the key "%s" on the position slider gives %j', (key, action) => {
  expect(keyAction(press(key), 'seek')).toEqual(action);
});

test('shortcuts of the browser stay with the browser', () => {
  for (const held of ['ctrlKey', 'altKey', 'metaKey'])
    expect(keyAction(press('l', { [held]: true }), 'seek')).toBeNull();
});

test('a control keeps the keys that mean something to it', () => {
  expect(keyAction(press(' '), 'button')).toBeNull();
  expect(keyAction(press('ArrowLeft'), 'volume')).toBeNull();
  expect(keyAction(press('ArrowDown'), 'choice')).toBeNull();
  expect(keyAction(press('2'), 'choice')).toBeNull();
  expect(keyAction(press('k'), 'choice')).toEqual({ kind: 'toggle' });
});

test('with Shift the arrows go from chapter to chapter', () => {
  expect(keyAction(press('ArrowRight', { shiftKey: true }), 'seek')).toEqual({ kind: 'chapter', by: 1 });
  expect(keyAction(press('ArrowLeft', { shiftKey: true }), 'button')).toEqual({ kind: 'chapter', by: -1 });
  expect(keyAction(press('ArrowRight', { shiftKey: true }), 'volume')).toBeNull();
  expect(keyAction(press('>', { shiftKey: true }), 'seek')).toEqual({ kind: 'faster', by: 1 });
  expect(keyAction(press('ArrowDown'), 'list')).toBeNull();
});
