import type { RecoveryState } from '../core/recovery.ts';
import type { Language } from './language.ts';

/** What the listener is told about `state`: empty while all is well. `reason` is what the server or the browser says. */
export function sentence(state: RecoveryState, online: boolean, reason: string | null, { words }: Language): string {
  if (state.at === 'steady') return '';
  if (state.at === 'failed') return reason ?? '';
  const silence = state.outage.answer?.kind === 'unreachable' ? words.unreachable : words.broke;
  const trouble = online ? (reason ?? silence) : words.offline;
  if (state.at === 'resting') return `${trouble} ${words.pressPlay}`;
  return `${trouble} ${online ? words.reconnecting : words.goesOn}`;
}
