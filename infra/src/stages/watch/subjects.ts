// SPDX-License-Identifier: Apache-2.0
import type { StageContext } from '../../stage.ts';
import { API } from '../api.ts';
import { ARTIFACTS } from '../artifacts.ts';
import { BASE } from '../base.ts';
import { DATA } from '../data.ts';
import { EVIDENCE } from '../evidence.ts';
import { KEYS } from '../keys.ts';
import { NETWORK } from '../network.ts';

/** What is watched, by the names that CloudTrail's records have for it. */
export interface Subjects {
  readonly name: string;
  /** Ids of keys with `key/` before them: the same in each Region that a key is replicated to. */
  readonly keys: readonly string[];
  /** Of these, the ones that protect records, requests and authenticity. */
  readonly vaultKeys: readonly string[];
  readonly multiRegionKeys: readonly string[];
  readonly legacyKeys: readonly string[];
  readonly breakGlassArn: string;
  /** ARN of the policies under the deployment's path, up to their names. */
  readonly policies: string;
  readonly functions: string;
  readonly table: string;
  readonly tableArn: string;
  readonly buckets: readonly string[];
  readonly topicArn: string;
  readonly restApi: string;
  readonly vpcId: string;
  readonly securityGroups: readonly string[];
  /** ARN of a log group up to its name. */
  readonly logGroups: string;
}

export function subjectsOf(context: StageContext): Subjects {
  const { config, names, outputs } = context;
  const { partition, region, account, name } = config;
  const keys = outputs(KEYS);
  const base = outputs(BASE);
  const data = outputs(DATA);
  const network = outputs(NETWORK);
  const evidence = config.watch.trail === 'own' ? outputs(EVIDENCE) : undefined;
  const vaultKeys = [keys.VaultKeyArn, keys.RequestKeyArn, keys.IntegrityKeyArn].map(keyOf);
  const all = [
    ...vaultKeys,
    ...[
      keys.ChannelServerKeyArn,
      keys.ChannelClientKeyArn,
      data.KeyArn,
      outputs(ARTIFACTS).KeyArn,
      base.LogsKeyArn,
      base.TopicKeyArn,
      ...(evidence === undefined ? [] : [evidence.KeyArn]),
    ].map(keyOf),
  ];
  return {
    name,
    keys: all,
    vaultKeys,
    multiRegionKeys: all.filter((key) => key.startsWith('key/mrk-')),
    legacyKeys: config.legacyKeys.map(keyOf),
    breakGlassArn: names.roles.breakGlass,
    policies: `arn:${partition}:iam::${account}:policy/${name}/`,
    functions: `arn:${partition}:lambda:${region}:${account}:function:${name}-`,
    table: data.TableName,
    tableArn: data.TableArn,
    buckets: [outputs(ARTIFACTS).Bucket, ...(evidence === undefined ? [] : [evidence.Bucket])],
    topicArn: base.TopicArn,
    restApi: outputs(API).RestApiId,
    vpcId: network.VpcId,
    securityGroups: [
      network.FunctionSecurityGroupId,
      network.BalancerSecurityGroupId,
      network.InstanceSecurityGroupId,
    ],
    logGroups: `arn:${partition}:logs:${region}:${account}:log-group:`,
  };
}

/** `key/…` of a key's ARN. */
function keyOf(arn: string): string {
  return arn.slice(arn.indexOf('key/'));
}
