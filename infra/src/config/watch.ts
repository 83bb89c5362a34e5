// SPDX-License-Identifier: Apache-2.0
import { flag, integer, listOf, oneOf, type Setting, text } from '@enclave-vault/settings';
import { logDays } from './log-days.ts';

export const WATCH_SETTINGS = [
  {
    path: 'watch.trail',
    env: 'ENCLAVE_VAULT_DEPLOY_WATCH_TRAIL',
    doc: 'Whether the deployment makes a trail of all Regions, or the account has one already (of its organization, say). Without any, EventBridge hears of no change, and nothing here raises an alarm. An existing trail should record data events of the function NAME-api too, at least those whose `userIdentity.arn` is there: an invocation past the gateway.',
    read: oneOf('own', 'existing'),
    default: 'own',
  },
  {
    path: 'watch.logGroup',
    env: 'ENCLAVE_VAULT_DEPLOY_WATCH_LOG_GROUP',
    doc: 'Log group, of this account and Region, that the existing trail writes. Without it alarms see this Region alone, and not IAM’s.',
    read: text('the name of a log group', /[\w.#/-]{1,512}/),
    optional: true,
  },
  {
    path: 'watch.copyToLogs',
    env: 'ENCLAVE_VAULT_DEPLOY_WATCH_COPY_TO_LOGS',
    doc: 'Copy the deployment’s own trail to a log group, where alarms see IAM and other Regions. It costs by the gigabyte: the trail has an event for each call of KMS.',
    read: flag(),
    default: true,
  },
  {
    path: 'watch.logDays',
    env: 'ENCLAVE_VAULT_DEPLOY_WATCH_LOG_DAYS',
    doc: 'How long that copy is kept.',
    read: logDays(),
    default: 90,
  },
  {
    path: 'watch.trailDays',
    env: 'ENCLAVE_VAULT_DEPLOY_WATCH_TRAIL_DAYS',
    doc: 'How long the trail’s files are kept.',
    read: integer(90, 3653, 'days'),
    default: 731,
  },
  {
    path: 'watch.dataEvents',
    env: 'ENCLAVE_VAULT_DEPLOY_WATCH_DATA_EVENTS',
    doc: 'Of what the trail records every access: the files of the bucket of artifacts, the items of the table. The table’s cost more than its traffic.',
    read: listOf(oneOf('artifacts', 'table'), 0, 2),
    default: ['artifacts'],
  },
  {
    path: 'watch.refusedDecrypts',
    env: 'ENCLAVE_VAULT_DEPLOY_WATCH_REFUSED_DECRYPTS',
    doc: 'So many decryptions that KMS refuses in five minutes, canaries left aside, set off an alarm.',
    read: integer(1, 100_000),
    default: 5,
  },
] as const satisfies readonly Setting[];

interface WatchValues {
  readonly watch: { readonly trail: 'own' | 'existing'; readonly logGroup: string | undefined };
}

/** What must hold between them. */
export const WATCH_RULES = [
  {
    settings: ['watch.logGroup', 'watch.trail'],
    doc: '`watch.logGroup` is of an existing trail: the deployment’s own has one already',
    broken: ({ watch }: WatchValues) => watch.logGroup !== undefined && watch.trail === 'own',
  },
] as const;
