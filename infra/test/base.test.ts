// SPDX-License-Identifier: Apache-2.0
import { logsKeyPolicy, topicKeyPolicy, topicPolicy } from '@enclave-vault/policies';
import { describe, expect, test } from 'vitest';
import { homeOf } from '../src/home.ts';
import { namesOf } from '../src/names.ts';
import { BASE } from '../src/stages/base.ts';
import { configOf, knownOf, ofType, resourceOf, synthesize } from './support/known.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:vault-alarms';
const PIPELINE = 'arn:aws:iam::111122223333:role/vault/vault-pipeline';
const templateOf = (changes = {}) => synthesize(BASE, knownOf(configOf(changes), []));
const config = configOf();
const home = homeOf(config, namesOf(config));

describe('what others need from their first moment', () => {
  const template = templateOf();

  test('needs no earlier stage, and is small enough to be sent without a bucket', () => {
    const many = {
      watch: { subscribers: Array.from({ length: 50 }, (_, i) => `mailto:on-call-${i}@example.org`) },
    };
    // CreateChangeSet takes a template of at most 51,200 bytes as text.
    expect(Buffer.byteLength(JSON.stringify(templateOf(many)))).toBeLessThan(51_200);
  });

  test('has keys with the policies that are proved, which rotate', () => {
    const { Properties: logs } = resourceOf(template, 'LogsKey');
    const { Properties: topic } = resourceOf(template, 'TopicKey');
    expect(logs?.KeyPolicy).toEqual(logsKeyPolicy(home));
    expect(topic?.KeyPolicy).toEqual(topicKeyPolicy(home, TOPIC, [PIPELINE]));
    for (const key of [logs, topic]) {
      expect(key).toMatchObject({ EnableKeyRotation: true, MultiRegion: false, PendingWindowInDays: 30 });
    }
  });

  test('has a topic of the name that its policies say, under its key', () => {
    expect(resourceOf(template, 'Alarms').Properties).toMatchObject({
      TopicName: 'vault-alarms',
      KmsMasterKeyId: { 'Fn::GetAtt': ['TopicKey', 'Arn'] },
    });
    expect(resourceOf(template, 'AlarmsPolicy').Properties).toEqual({
      Topics: [{ Ref: 'Alarms' }],
      PolicyDocument: topicPolicy(home, { topicArn: TOPIC, publishers: [PIPELINE] }),
    });
  });

  test('stays: logs without their key are no evidence', () => {
    expect(BASE.kept).toBe(true);
    for (const { DeletionPolicy, UpdateReplacePolicy } of Object.values(template.Resources)) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    }
  });

  test('draws the topic’s edge around the organization where there is one', () => {
    const wider = templateOf({ organizationId: 'o-aaaaaaaaaa' });
    expect(JSON.stringify(resourceOf(wider, 'AlarmsPolicy'))).toContain(
      '"aws:PrincipalOrgID":"o-aaaaaaaaaa"',
    );
    // Keys are the account's, whatever else is the organization's.
    expect(JSON.stringify(resourceOf(wider, 'TopicKey'))).not.toContain('o-aaaaaaaaaa');
  });
});

describe('who hears alarms', () => {
  const subscribed = (subscribers: readonly string[]) =>
    ofType(templateOf({ watch: { subscribers } }), 'AWS::SNS::Subscription').map(
      ([, { Properties }]) => Properties,
    );

  test('is told by mail or by a call', () => {
    expect(subscribed([])).toEqual([]);
    expect(subscribed(['mailto:on-call@example.org', 'https://pager.example.org/hook'])).toEqual([
      { TopicArn: { Ref: 'Alarms' }, Protocol: 'email', Endpoint: 'on-call@example.org' },
      { TopicArn: { Ref: 'Alarms' }, Protocol: 'https', Endpoint: 'https://pager.example.org/hook' },
    ]);
  });

  test.each(['on-call@example.org', 'http://pager.example.org', 'mailto:', 'mailto:a b@c', 'https://'])(
    '%s is refused',
    (subscriber) => {
      expect(() => subscribed([subscriber])).toThrow(/watch.subscribers/);
    },
  );
});

test.each([
  ['of another account', 'arn:aws:iam::444455556666:role/deployer'],
  ['of another partition', 'arn:aws-cn:iam::111122223333:role/deployer'],
  ['that is many', 'arn:aws:iam::111122223333:role/deploy*'],
])('a deployer %s is refused before perimeters let it through', (_what, deployer) => {
  expect(() => configOf({ deployers: [deployer] })).toThrow(/deployers/);
});
