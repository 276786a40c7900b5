import type { MediaSourceOption } from '../playback.ts';

/** What the element may play: the attribute `src`, else its `<source>` children in order (HTML 4.8.11.5). */
export function sourceList(element: HTMLElement & { readonly src: string }): readonly MediaSourceOption[] {
  if (element.hasAttribute('src')) return element.src === '' ? [] : [{ src: element.src }];
  return Array.from(element.querySelectorAll<HTMLSourceElement>(':scope > source[src]')).map(({ src, type }) => ({
    src,
    ...(type !== '' && { type }),
  }));
}

/** Whether two lists name the same sources. */
export const isSameList = (a: readonly MediaSourceOption[], b: readonly MediaSourceOption[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
