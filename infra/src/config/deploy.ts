// SPDX-License-Identifier: Apache-2.0
import { defineRole, type RoleValues } from '@enclave-vault/settings';
import { API_RULES, API_SETTINGS } from './api.ts';
import { ARTIFACT_SETTINGS } from './artifacts.ts';
import { CANARY_SETTINGS } from './canary.ts';
import { DATA_SETTINGS } from './data.ts';
import { DECRYPTION_RULES, DECRYPTION_SETTINGS } from './decryption.ts';
import { FEATURE_SETTINGS } from './features.ts';
import { KEY_RULES, KEY_SETTINGS } from './keys.ts';
import { NETWORK_RULES, NETWORK_SETTINGS } from './network.ts';
import { PARTITION_RULES } from './partitions.ts';
import { PIPELINE_RULES, PIPELINE_SETTINGS } from './pipeline.ts';
import { PLACE_RULES, PLACE_SETTINGS } from './place.ts';
import { RELEASE_SETTINGS } from './release.ts';
import { SUBSCRIBER_SETTINGS } from './subscribers.ts';
import { WATCH_RULES, WATCH_SETTINGS } from './watch.ts';

const ACCOUNT = '111122223333';

/** deploy.json: everything that a deployment decides, as plain text. Nothing is looked up when templates are made. */
export const DEPLOY = defineRole('deploy', {
  doc: 'What `npm run deploy` puts into an account ([deployment.md](deployment.md)): read by that command and its pipeline, by no process of the vault.',
  settings: [
    ...PLACE_SETTINGS,
    ...RELEASE_SETTINGS,
    ...NETWORK_SETTINGS,
    ...FEATURE_SETTINGS,
    ...DECRYPTION_SETTINGS,
    ...API_SETTINGS,
    ...CANARY_SETTINGS,
    ...WATCH_SETTINGS,
    ...KEY_SETTINGS,
    ...DATA_SETTINGS,
    ...ARTIFACT_SETTINGS,
    ...SUBSCRIBER_SETTINGS,
    ...PIPELINE_SETTINGS,
  ],
  rules: [
    {
      settings: ['zones', 'region'],
      doc: '`zones` are different ones of the Region',
      broken: ({ zones, region }) =>
        new Set(zones).size !== zones.length || zones.some((zone) => zone.slice(0, -1) !== region),
    },
    {
      settings: ['replicaRegions', 'region'],
      doc: '`replicaRegions` are different ones and not the Region itself',
      broken: ({ replicaRegions, region }) =>
        new Set([region, ...replicaRegions]).size !== replicaRegions.length + 1,
    },
    ...PLACE_RULES,
    ...PARTITION_RULES,
    ...NETWORK_RULES,
    ...KEY_RULES,
    ...DECRYPTION_RULES,
    ...API_RULES,
    ...WATCH_RULES,
    ...PIPELINE_RULES,
  ],
  example: {
    name: 'vault',
    account: ACCOUNT,
    region: 'eu-central-1',
    zones: ['eu-central-1a', 'eu-central-1b'],
    deployers: [`arn:aws:iam::${ACCOUNT}:role/people/deployer`],
    breakGlass: [`arn:aws:iam::${ACCOUNT}:role/people/on-call`],
    network: { prefixLists: { s3: 'pl-6ea54007', dynamodb: 'pl-66a5400f' } },
  },
});

export type DeployConfig = RoleValues<typeof DEPLOY>;
