export type { FailedDetail, RecoveredDetail, RetryDetail } from './core/outage-detail.ts';
export type { Answer, Cause, Outage, RecoveryState } from './core/recovery.ts';
export { askServer } from './core/server-answer.ts';
export { createPlayback } from './playback.ts';
export type * from './core/engine.ts';
