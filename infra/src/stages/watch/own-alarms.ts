// SPDX-License-Identifier: Apache-2.0

/** An alarm of the watch that is about no single event. docs/operations.md is held against these, too. */
export interface WatchAlarm {
  /** Behind the deployment's name. */
  readonly id: string;
  readonly means: string;
  readonly todo: string;
}

export const REFUSED_DECRYPTS = {
  id: 'watch-refused-decrypts',
  means: 'KMS refuses decryptions under the vault’s keys, the canaries’ left aside.',
  todo: 'The records say who asks, and from where. After a rollout: do the key policies admit the measurements of the image that runs? Otherwise somebody has a role that he should not have, and tries.',
} as const satisfies WatchAlarm;

export const TRAIL_SILENT = {
  id: 'watch-silent',
  means: 'No record of the trail for half an hour.',
  todo: 'Is it logging, and may it use bucket, key and role? Until it does, no other alarm about changes can be trusted: CloudTrail’s own event history keeps 90 days of them.',
} as const satisfies WatchAlarm;

/** Several where there are many rules: `-1`, `-2`. */
export const UNDELIVERED = {
  id: 'watch-undelivered',
  means: 'EventBridge could not publish what a rule found.',
  todo: 'Look at the policies of the topic and of its key; what it was about is in the trail.',
} as const satisfies WatchAlarm;

export const WATCH_ALARMS: readonly WatchAlarm[] = [REFUSED_DECRYPTS, TRAIL_SILENT, UNDELIVERED];
