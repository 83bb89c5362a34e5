// SPDX-License-Identifier: Apache-2.0
import type { WatchEvent } from './events/event.ts';

/** What a message takes from the record: who did what when. Never what it was done with: parameters may hold values. */
export const MESSAGE_PATHS = {
  call: '$.detail.eventName',
  who: '$.detail.userIdentity.arn',
  from: '$.detail.sourceIPAddress',
  when: '$.detail.eventTime',
  region: '$.detail.awsRegion',
  error: '$.detail.errorCode',
  record: '$.detail.eventID',
} as const;

/**
 * Text that EventBridge fills in and the topic sends: quoted lines (EventBridge User Guide, "Input transformation").
 * What the record does not have stays empty.
 */
export function messageTemplate(event: WatchEvent, name: string): string {
  const lines = [
    `Vault ${name}, ${event.id}: ${event.what}.`,
    'Call: <call>, of <when> in <region>. Refused with: <error>',
    'By: <who>, from <from>',
    'Record: <record>',
    ...adviceOf(event),
  ];
  return lines.map((line) => JSON.stringify(line)).join('\n');
}

/** The text of an alarm, which CloudWatch raises for such events without saying which one it was. */
export function alarmText(event: WatchEvent, logGroup: string): string {
  return [
    `${event.what}, in another Region than the deployment's.`,
    `The records are in the log group ${logGroup}.`,
    ...adviceOf(event),
  ].join(' ');
}

function adviceOf({ why, todo, deployment }: WatchEvent): readonly string[] {
  const usual = deployment
    ? ['A deployment causes it too: then the caller is the deployment role, at the time of that deployment.']
    : [];
  return [why, todo, ...usual];
}
