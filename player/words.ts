import type { Answer, RecoveryState } from './recovery.ts';

/** What the listener is told about `state`: empty while all is well. */
export function sentence(state: RecoveryState, online: boolean): string {
  switch (state.at) {
    case 'steady':
      return '';
    case 'failed':
      return refused(state.outage.answer) ?? 'This browser cannot play what is at this address.';
    case 'resting':
      return `${trouble(state.outage.answer, online)} Press play to try again.`;
    default:
      return `${trouble(state.outage.answer, online)} ${online ? 'Reconnecting…' : 'It goes on when the connection is back.'}`;
  }
}

function trouble(answer: Answer | null, online: boolean): string {
  if (!online) return 'You are offline.';
  return (
    refused(answer) ?? (answer?.kind === 'unreachable' ? 'The server cannot be reached.' : 'The connection broke.')
  );
}

function refused(answer: Answer | null): string | null {
  if (answer?.kind !== 'refused') return null;
  return answer.message ?? STATUS_WORDS.get(answer.status) ?? kindOfStatus(answer.status);
}

const STATUS_WORDS: ReadonlyMap<number, string> = new Map([
  [401, 'This audio needs a login.'],
  [403, 'The server does not allow this audio to be played.'],
  [404, 'There is no audio at this address.'],
  [410, 'This audio is no longer available.'],
  [429, 'The server is asked too often.'],
  [503, 'The server is busy.'],
]);

const kindOfStatus = (status: number): string =>
  status >= 500 ? `The server has a problem (${status}).` : `The server refuses this audio (${status}).`;
