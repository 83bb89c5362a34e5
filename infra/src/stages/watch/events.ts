// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from '../../config/deploy.ts';
import type { WatchEvent } from './events/event.ts';
import { PEOPLE_EVENTS } from './events/people.ts';
import { PROTECTION_EVENTS } from './events/protection.ts';
import { RECORDS_EVENTS } from './events/records.ts';
import { SURROUNDINGS_EVENTS } from './events/surroundings.ts';
import { WATCHER_EVENTS } from './events/watchers.ts';

export type { WatchEvent } from './events/event.ts';

/** What is watched. docs/operations.md is held against this table. */
export const WATCH_EVENTS: readonly WatchEvent[] = [
  ...PROTECTION_EVENTS,
  ...SURROUNDINGS_EVENTS,
  ...RECORDS_EVENTS,
  ...WATCHER_EVENTS,
  ...PEOPLE_EVENTS,
];

/** What of it a configuration has. */
export function watchEventsOf(config: DeployConfig): readonly WatchEvent[] {
  return WATCH_EVENTS.filter(({ when }) => when === undefined || when(config));
}
