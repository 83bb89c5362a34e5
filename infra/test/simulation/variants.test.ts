// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { stagesOf } from '../../src/index.ts';
import { TOKENS } from '../api/support.ts';
import { admitted } from './support/admitted.ts';
import { Life, type LifeOptions, measurementsOf } from './support/life.ts';

const [SECOND = ''] = measurementsOf('2').pcr0;

describe('other configurations', () => {
  const variants: readonly (readonly [string, LifeOptions])[] = [
    ['replicas in two Regions', { config: { replicaRegions: ['eu-west-1', 'eu-north-1'] } }],
    ['a regional API behind WAF', { config: { api: { exposure: 'regional', waf: true } } }],
    ['tokens instead of roles', { config: { api: TOKENS } }],
    [
      'nothing that a partition may lack',
      { config: { features: { codeSigning: false, dnsAdvanced: false, zonalShift: false, tracing: false } } },
    ],
    ['sessions on the instances', { config: { network: { ...prefixLists(), sessionManager: true } } }],
    ['GovCloud', { config: elsewhere('aws-us-gov', 'us-gov-west-1') }],
    ['China', { config: elsewhere('aws-cn', 'cn-north-1') }],
    ['tags', { config: { tags: { 'cost-center': '17' } } }],
  ];

  test.each(variants)('%s', (_, options) => {
    const life = new Life(options);
    life.deployAll();
    for (const stage of stagesOf(life.config)) expect(life.deploy(stage), stage.id).toBe(false);
    if (life.config.replicaRegions.length > 0) life.rollOut('2');
    for (const region of life.config.replicaRegions) expect(admitted(life, region), region).toEqual([SECOND]);
    life.destroyAll();
  });
});

function prefixLists() {
  return { prefixLists: { s3: 'pl-6ea54007', dynamodb: 'pl-66a5400f' } };
}

/** A configuration of another partition, without what is missing there. */
function elsewhere(partition: string, region: string) {
  const person = (name: string): string => `arn:${partition}:iam::111122223333:role/people/${name}`;
  return {
    partition,
    region,
    zones: [`${region}a`, `${region}b`],
    deployers: [person('deployer')],
    breakGlass: [person('on-call')],
    features: { codeSigning: false, dnsAdvanced: false, dnsFirewallConfig: false, zonalShift: false },
  };
}
