// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { describe, expect, it } from 'vitest';
import { DEPLOY, exampleKnown, synthesize, type Template } from '../../src/index.ts';
import { EVIDENCE } from '../../src/stages/evidence.ts';
import { WATCH_EVENTS } from '../../src/stages/watch/events.ts';
import { WATCH } from '../../src/stages/watch.ts';
import { matchesEvent } from './support/event-pattern.ts';
import { compileFilter } from './support/filter-pattern.ts';
import { asEvent, HOME, onKey, refused, session, type TrailRecord } from './support/records.ts';
import { KEYS, SAMPLES } from './support/samples.ts';

type Json = Readonly<Record<string, never>>;

function template(changes: Readonly<Record<string, string>> = {}): Template {
  const config = readRole(DEPLOY, { file: DEPLOY.example, env: changes });
  return synthesize(WATCH, exampleKnown(config));
}
const of = (made: Template, type: string): readonly Json[] =>
  Object.values(made.Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties as Json);

const own = template({ ENCLAVE_VAULT_DEPLOY_LEGACY_KEYS: KEYS.legacy });
/** Where IAM's records are made, the rules hear of roles as well. */
const inGlobalRegion = template({
  ENCLAVE_VAULT_DEPLOY_REGION: 'us-east-1',
  ENCLAVE_VAULT_DEPLOY_ZONES: 'us-east-1a,us-east-1b',
});
const ruleOf = (made: Template, id: string): Json | undefined =>
  of(made, 'AWS::Events::Rule').find(({ Name }) => Name === `vault-watch-${id}`);
const filterOf = (made: Template, id: string): string | undefined =>
  of(made, 'AWS::Logs::MetricFilter').find(({ FilterName }) => FilterName === `vault-${id}`)?.FilterPattern;

const idsOf = WATCH_EVENTS.map(({ id }) => id);

it('has records for every event, and events for all records', () => {
  expect(Object.keys(SAMPLES).sort()).toEqual([...idsOf].sort());
  for (const { seen, unseen } of Object.values(SAMPLES)) {
    expect(seen.length).toBeGreaterThan(1);
    expect(unseen.length).toBeGreaterThan(1);
  }
});

describe.each(WATCH_EVENTS.filter(({ region }) => region !== 'global'))('rule $id', ({ id }) => {
  const pattern = ruleOf(own, id)?.EventPattern;
  it.each(SAMPLES[id]?.seen.map((record) => [describeRecord(record), record] as const) ?? [])(
    'hears of %s',
    (_, record) => {
      expect(matchesEvent(pattern, asEvent(record))).toBe(true);
    },
  );
  it.each(SAMPLES[id]?.unseen.map((record) => [describeRecord(record), record] as const) ?? [])(
    'lets pass %s',
    (_, record) => {
      expect(matchesEvent(pattern, asEvent(record))).toBe(false);
    },
  );
  it('is no longer than EventBridge takes', () => {
    expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(2048);
  });
  it('listens to AWS alone', () => {
    const [first] = SAMPLES[id]?.seen ?? [];
    const forged = { ...asEvent(first ?? {}), source: 'mine.kms' };
    expect(matchesEvent(pattern, forged)).toBe(false);
  });
});

describe('no rule', () => {
  it('hears of what another event is about, so that a message says what happened', () => {
    const heard = WATCH_EVENTS.filter(({ region }) => region !== 'global').flatMap(({ id }) =>
      (SAMPLES[id]?.seen ?? []).map((record) => {
        const rules = idsOf.filter((other) => {
          const pattern = ruleOf(own, other)?.EventPattern;
          return pattern !== undefined && matchesEvent(pattern, asEvent(record));
        });
        return rules.filter((rule) => rule !== id);
      }),
    );
    expect(heard.flat()).toEqual([]);
  });
});

describe('rules that hear reading calls', () => {
  it.each(idsOf)('%s: only where use itself is what is watched', (id) => {
    const rule = ruleOf(own, id);
    if (rule === undefined) return expect(id).toBe('roles');
    const reading = ['break-glass', 'root'].includes(id);
    expect(rule.State).toBe(reading ? 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' : 'ENABLED');
  });
});

/** In another Region; IAM's are in one as they are. */
const abroad = (record: TrailRecord): TrailRecord => ({ ...record, awsRegion: 'us-east-1' });

describe.each(WATCH_EVENTS.filter(({ region }) => region !== 'home'))('filter $id-elsewhere', ({ id }) => {
  const text = filterOf(own, `${id}-elsewhere`) ?? '';
  const filter = compileFilter(text);
  // Of keys, only those that may have replicas are elsewhere.
  const elsewhere = (SAMPLES[id]?.seen ?? []).filter(
    (record) => id !== 'keys' || JSON.stringify(record).includes('mrk-'),
  );
  it.each(elsewhere.map((record) => [describeRecord(record), record] as const))('sees %s', (_, record) => {
    expect(filter(abroad(record))).toBe(true);
  });
  it.each((SAMPLES[id]?.unseen ?? []).map((record) => [describeRecord(record), record] as const))(
    'lets pass %s',
    (_, record) => {
      expect(filter(abroad(record))).toBe(false);
    },
  );
  it('leaves this Region to the rule', () => {
    for (const record of elsewhere) expect(filter({ ...record, awsRegion: HOME })).toBe(false);
  });
  it('is no longer than CloudWatch Logs takes', () => {
    expect(text.length).toBeLessThanOrEqual(1024);
  });
});

describe('legacy keys', () => {
  it('are watched, as many as there may be', () => {
    const keys = Array.from({ length: 10 }, (_, index) =>
      KEYS.legacy.replaceAll('eeee', String(index).repeat(4)),
    );
    const pattern = ruleOf(
      template({ ENCLAVE_VAULT_DEPLOY_LEGACY_KEYS: keys.join(',') }),
      'legacy-keys',
    )?.EventPattern;
    expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(2048);
    for (const key of keys) expect(matchesEvent(pattern, asEvent(onKey('PutKeyPolicy', key)))).toBe(true);
  });
  it('have no rule where there are none', () => {
    expect(ruleOf(template(), 'legacy-keys')).toBeUndefined();
  });
});

describe('a replica of a key', () => {
  it('is watched by its id, wherever it is', () => {
    const filter = compileFilter(filterOf(own, 'keys-elsewhere') ?? '');
    const there = { awsRegion: 'eu-west-1' };
    expect(filter(onKey('PutKeyPolicy', KEYS.replica, there))).toBe(true);
    expect(filter(onKey('PutKeyPolicy', KEYS.another, there))).toBe(false);
  });
});

describe('roles', () => {
  it('are heard of at once where IAM’s records are made, and have no filter there', () => {
    const pattern = ruleOf(inGlobalRegion, 'roles')?.EventPattern;
    for (const record of SAMPLES.roles?.seen ?? []) expect(matchesEvent(pattern, asEvent(record))).toBe(true);
    for (const record of SAMPLES.roles?.unseen ?? [])
      expect(matchesEvent(pattern, asEvent(record))).toBe(false);
    expect(filterOf(inGlobalRegion, 'roles-elsewhere')).toBeUndefined();
    expect(ruleOf(own, 'roles')).toBeUndefined();
  });
});

describe('refused decryptions', () => {
  const filter = compileFilter(filterOf(own, 'refused-decrypts') ?? '');
  it('are counted, whoever asks', () => {
    expect(filter(refused('kms:Decrypt', KEYS.vault))).toBe(true);
    expect(
      filter(refused('kms:Decrypt', KEYS.request, { userIdentity: session('vault-instance', '/vault/') })),
    ).toBe(true);
    const foreign = { type: 'AWSAccount', principalId: 'AIDAEXAMPLE', accountId: '444455556666' };
    expect(filter(refused('kms:Decrypt', KEYS.vault, { userIdentity: foreign }))).toBe(true);
  });
  it('but not the canaries’, nor other keys’, nor what was allowed', () => {
    for (const place of ['inside', 'outside'])
      expect(
        filter(
          refused('kms:Decrypt', KEYS.vault, { userIdentity: session(`vault-canary-${place}`, '/vault/') }),
        ),
      ).toBe(false);
    // A role of an administrator's, or of another account, is none of them, whatever its name begins with.
    const by = (userIdentity: object) => filter(refused('kms:Decrypt', KEYS.vault, { userIdentity }));
    expect(by(session('vault-canary-mine'))).toBe(true);
    const elsewhere = session('vault-canary-inside');
    const arn = String(elsewhere.arn).replace(/:\d{12}:/, ':444455556666:');
    expect(by({ ...elsewhere, arn })).toBe(true);
    // The parent's own probes are told from its enclaves' refusals by a word, which is worth nothing to others.
    const userAgent = 'aws-sdk-js/3.1164.0 enclave-vault-canary';
    const probe = (who: string, path: string) =>
      filter(refused('kms:Decrypt', KEYS.vault, { userAgent, userIdentity: session(who, path) }));
    expect(probe('vault-instance', '/vault/')).toBe(false);
    for (const who of ['admin', 'vault-api', 'vault-instance-2', 'vault-of-another'])
      expect(probe(who, '/people/'), who).toBe(true);
    expect(filter(refused('kms:Decrypt', KEYS.another))).toBe(false);
    expect(filter(refused('kms:DescribeKey', KEYS.vault))).toBe(false);
    expect(filter(onKey('Decrypt', KEYS.vault))).toBe(false);
  });
});

describe('messages', () => {
  const rules = of(own, 'AWS::Events::Rule');
  it('take from a record who did what when, and no parameter', () => {
    for (const { Targets } of rules) {
      const [{ InputTransformer }] = Targets as unknown as [
        { InputTransformer: { InputPathsMap: Record<string, string>; InputTemplate: string } },
      ];
      const { InputPathsMap, InputTemplate } = InputTransformer;
      for (const path of Object.values(InputPathsMap))
        expect(path).not.toMatch(/requestParameters|responseElements/);
      const used = [...InputTemplate.matchAll(/<(\w+)>/g)].map(([, name]) => name ?? '');
      expect(new Set(used)).toEqual(new Set(Object.keys(InputPathsMap)));
      // Each line is a text of its own, as the transformer wants it.
      for (const line of InputTemplate.split('\n')) expect(typeof JSON.parse(line)).toBe('string');
      expect(InputTemplate.length).toBeLessThan(8192);
    }
  });

  it('say why and what to do, and where a deployment explains it', () => {
    for (const { id, why, todo, deployment } of WATCH_EVENTS) {
      const text =
        JSON.stringify(ruleOf(own, id)?.Targets ?? '') + JSON.stringify(of(own, 'AWS::CloudWatch::Alarm'));
      expect(text).toContain(JSON.stringify(why).slice(1, -1));
      expect(text).toContain(JSON.stringify(todo).slice(1, -1));
      const rule = JSON.stringify(ruleOf(own, id)?.Targets ?? '');
      if (rule !== '""') expect(rule.includes('A deployment causes it too')).toBe(deployment);
    }
  });
});

describe('what is watched without a trail of its own', () => {
  const existing = template({
    ENCLAVE_VAULT_DEPLOY_LEGACY_KEYS: KEYS.legacy,
    ENCLAVE_VAULT_DEPLOY_WATCH_TRAIL: 'existing',
  });
  const logGroup = template({
    ENCLAVE_VAULT_DEPLOY_WATCH_TRAIL: 'existing',
    ENCLAVE_VAULT_DEPLOY_WATCH_LOG_GROUP: 'organization/trail',
  });
  it('is the same in this Region', () => {
    const names = (made: Template) => of(made, 'AWS::Events::Rule').map(({ Name }) => Name);
    expect(names(existing)).toEqual(names(own));
    expect(of(existing, 'AWS::CloudTrail::Trail')).toEqual([]);
  });
  it('is nothing elsewhere, unless the existing trail’s log group is named', () => {
    expect(of(existing, 'AWS::Logs::MetricFilter')).toEqual([]);
    const filters = of(logGroup, 'AWS::Logs::MetricFilter');
    expect(filters.map(({ FilterName }) => FilterName)).toEqual(
      of(own, 'AWS::Logs::MetricFilter').map(({ FilterName }) => FilterName),
    );
    for (const { LogGroupName } of filters) expect(LogGroupName).toBe('organization/trail');
  });
  it('needs no bucket', () => {
    const config = readRole(DEPLOY, {
      file: DEPLOY.example,
      env: { ENCLAVE_VAULT_DEPLOY_WATCH_TRAIL: 'existing' },
    });
    expect(EVIDENCE.when?.(config)).toBe(false);
  });
});

function describeRecord({ eventName, errorCode, requestParameters, userIdentity }: TrailRecord): string {
  const who = (userIdentity as { arn?: string } | undefined)?.arn ?? 'somebody';
  return `${String(eventName)}${errorCode === undefined ? '' : ', refused'} by ${who} ${JSON.stringify(requestParameters)}`;
}
