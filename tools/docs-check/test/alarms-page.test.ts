// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { issueCertificate } from '@enclave-vault/emulator-pki';
import { DEPLOY, exampleKnown, stagesOf, synthesize } from '@enclave-vault/infra';
import { readRole } from '@enclave-vault/settings';
import { beforeAll, describe, expect, it } from 'vitest';
import { alarmsPage } from '../alarms-page.ts';

interface Alarm {
  readonly AlarmName: string;
  readonly AlarmActions?: readonly unknown[];
}

const TOPIC = /^arn:aws:sns:/;
let alarms: readonly Alarm[] = [];
let rules: readonly string[] = [];
let name = '';

/** The first cells of the page's tables. */
function entries(page: string): readonly string[] {
  return [...page.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, entry = '']) => entry);
}

/** Whether the page has an entry for an alarm, by its name without the deployment's. */
function known(page: string, alarm: string): boolean {
  const plain = alarm.replace(/-elsewhere$/, '').replace(/^(watch-undelivered)-\d+$/, '$1');
  return entries(page).includes(plain);
}

beforeAll(() => {
  const example = DEPLOY.example as { account: string; deployers: readonly string[]; name: string };
  const certificate = issueCertificate({
    subject: 'enclave images',
    key: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: Date.UTC(2036, 0, 1),
  });
  // Everything that has an alarm.
  const config = readRole(DEPLOY, {
    file: {
      ...example,
      deployers: [
        ...example.deployers,
        `arn:aws:iam::${example.account}:role/${example.name}/${example.name}-deploy`,
      ],
      pipeline: { source: 'upload', signingCertificate: certificate.pem },
      api: {
        exposure: 'regional',
        auth: 'jwt',
        reservedConcurrency: 100,
        waf: true,
        jwt: {
          issuer: 'https://issuer.example',
          audience: 'vault',
          rules: [{ when: { iss: 'https://issuer.example' }, tenant: 'default', scopes: ['vaults:read'] }],
        },
      },
    },
    env: {},
  });
  name = config.name;
  const resources = stagesOf(config).flatMap((stage) =>
    Object.values(synthesize(stage, exampleKnown(config)).Resources),
  );
  const ofType = (type: string) =>
    resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
  alarms = ofType('AWS::CloudWatch::Alarm') as unknown as Alarm[];
  rules = (ofType('AWS::Events::Rule') as { Name: string }[]).map((rule) => rule.Name);
});

describe('The page of alarms', () => {
  it('has an entry for each alarm of the templates that tells somebody', () => {
    const telling = alarms.filter(({ AlarmActions = [] }) =>
      AlarmActions.some((action) => typeof action === 'string' && TOPIC.test(action)),
    );
    expect(telling.length).toBeGreaterThan(40);
    const without = telling.filter(({ AlarmName }) => !known(alarmsPage(), AlarmName.slice(name.length + 1)));
    expect(without.map(({ AlarmName }) => AlarmName)).toEqual([]);
  });

  it('names all that tell nobody: they scale', () => {
    const silent = alarms
      .filter(({ AlarmActions = [] }) => !AlarmActions.some((action) => TOPIC.test(String(action))))
      .map(({ AlarmName }) => AlarmName.slice(name.length + 1));
    const [, section = ''] = alarmsPage().split('\n## Scaling\n');
    const named = [...section.matchAll(/`([\w-]+)`/g)].map(([, one]) => one);
    expect(named.sort()).toEqual(silent.sort());
  });

  it('has an entry for each rule that sends messages', () => {
    // Schedules of canaries send none.
    const sending = rules.filter((rule) => !rule.startsWith(`${name}-canary-`));
    expect(sending.length).toBeGreaterThan(8);
    for (const rule of sending) {
      const plain = rule.slice(name.length + 1);
      expect(known(alarmsPage(), plain) || alarmsPage().includes(`\`NAME-${plain}\``), rule).toBe(true);
    }
  });

  it('would be found out: without one line an alarm has no entry', () => {
    const page = alarmsPage();
    const shorter = page.replace(/^\| `api-tampered` \|.*\n/m, '');
    expect(known(page, 'api-tampered')).toBe(true);
    expect(known(shorter, 'api-tampered')).toBe(false);
  });

  it('says of each what to do', () => {
    const cells = alarmsPage()
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split(/(?<!\\)\|/).slice(1, -1));
    expect(cells.length).toBeGreaterThan(50);
    for (const row of cells) for (const cell of row) expect(cell.trim(), row[0]).not.toBe('');
  });
});
