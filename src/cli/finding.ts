/** One line of `baton doctor`. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** `what` went well, or it did not: then with the reason, and what to do. */
export async function tried(name: string, advice: string, what: () => Promise<string>): Promise<Finding> {
  try {
    return { name, state: 'ok', text: await what() };
  } catch (thrown) {
    return { name, state: 'fail', text: reasonOf(thrown), advice };
  }
}

/** The most telling short text of something thrown. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const text =
    'detail' in thrown && typeof thrown.detail === 'string' && thrown.detail !== '' ? thrown.detail : thrown.message;
  return text.split('\n', 1)[0] ?? '';
}
