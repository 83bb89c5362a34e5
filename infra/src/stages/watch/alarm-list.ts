// SPDX-License-Identifier: Apache-2.0
import type { StageContext } from '../../stage.ts';
import { apiAlarmsOf } from '../api/alarms.ts';
import { canaryAlarmsOf } from '../canary/alarms.ts';
import { CANARY_PLACES } from '../canary/places.ts';
import { DECRYPTION_ALARMS } from '../decryption/alarms.ts';
import { NETWORK_ALARMS } from '../network/alarms.ts';
import { pipelineAlarmsOf } from '../pipeline/alarms.ts';
import { watchEventsOf } from './events.ts';
import { REFUSED_DECRYPTS, TRAIL_SILENT } from './own-alarms.ts';
import { seenElsewhere } from './regions.ts';
import { undeliveredAlarms } from './rules.ts';

const CANARY_IDS = ['allowed', 'drift', 'failing', 'silent'] as const;

/** The alarms that the dashboard begins with, the gravest first. */
export function alarmArns({ config }: StageContext, elsewhere: boolean): readonly string[] {
  const { partition, region, account, name } = config;
  const seen = watchEventsOf(config)
    .filter((event) => seenElsewhere(event, config))
    .map(({ id }) => `watch-${id}-elsewhere`);
  const alarms = [
    ...CANARY_IDS.flatMap((id) =>
      CANARY_PLACES.filter((place) => canaryAlarmsOf(place).some((alarm) => alarm.id === id)).map(
        (place) => `canary-${place}-${id}`,
      ),
    ),
    ...(elsewhere ? [...seen, REFUSED_DECRYPTS.id] : []),
    ...undeliveredAlarms(config).keys(),
    ...(config.watch.trail === 'own' && config.watch.copyToLogs ? [TRAIL_SILENT.id] : []),
    ...apiAlarmsOf(config).map(({ id }) => id),
    ...DECRYPTION_ALARMS.map(({ id }) => id),
    ...NETWORK_ALARMS.map((alarm) => alarm.id),
    ...pipelineAlarmsOf(config).map(({ id }) => id),
  ];
  return alarms.map((alarm) => `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}-${alarm}`);
}
