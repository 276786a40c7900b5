/** The first language that is `known` of those of the closest ancestor that has one and of `preferred`; codes without regions. */
export function closestLanguage<Code extends string>(
  element: Element,
  preferred: readonly string[],
  known: readonly Code[],
): Code | undefined {
  const asked = [closestLang(element), ...preferred].map((tag) => (tag ?? '').toLowerCase().split(/[-_]/)[0]);
  return asked.find((code): code is Code => known.includes(code as Code));
}

function closestLang(element: Element): string | null {
  const found = element.closest('[lang]');
  if (found !== null) return found.getAttribute('lang');
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? closestLang(root.host) : null;
}
