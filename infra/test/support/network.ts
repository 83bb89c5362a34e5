// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import {
  DEPLOY,
  type DeployConfig,
  exampleKnown,
  synthesize,
  type Template,
  type TemplateResource,
} from '../../src/index.ts';
import { NETWORK } from '../../src/stages/network.ts';

export type Changes = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Changes =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: Changes, changes: Changes): Changes {
  const merged = Object.entries(changes).map(([key, value]) => {
    const old = base[key];
    return [key, isObject(value) && isObject(old) ? merge(old, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(merged) };
}

/** The example of deploy.json with changes, members of objects one by one. */
export function deployConfig(changes: Changes = {}): DeployConfig {
  return readRole(DEPLOY, { file: merge(DEPLOY.example as Changes, changes), env: {} });
}

/** deploy.json of another Region, everything that names it included. */
export function inRegion(region: string, changes: Changes = {}): DeployConfig {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  const people = (who: string) => [`arn:${partition}:iam::111122223333:role/people/${who}`];
  return deployConfig({
    partition,
    region,
    zones: [`${region}a`, `${region}b`],
    deployers: people('deployer'),
    breakGlass: people('on-call'),
    // CloudFormation's schema of it lists no Region of these partitions.
    ...(partition === 'aws' ? {} : { features: { dnsFirewallConfig: false } }),
    ...changes,
  });
}

/** With every option on that makes the template longer. */
export const EVERYTHING: Changes = {
  name: 'anameoftwentyletters',
  zones: ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `eu-central-1${letter}`),
  network: {
    sessionManager: true,
    endpoints: ['sts', 'xray'],
    clientCidrs: Array.from({ length: 20 }, (_, index) => `192.168.${100 + index}.0/24`),
  },
  api: {
    callers: Array.from({ length: 30 }, (_, index) => ({
      arn: `arn:aws:iam::111122223333:role/applications/with-a-path/caller-${index}`,
      tenant: `t${index}`,
      scopes: ['records:read'],
    })),
  },
  tags: Object.fromEntries(
    ['owner', 'cost-center', 'environment', 'data-classification'].map((key) => [key, `a value of ${key}`]),
  ),
};

export function networkTemplate(config: DeployConfig = deployConfig()): Template {
  return synthesize(NETWORK, exampleKnown(config));
}

/** Resources of a type, by their logical ids. */
export function ofType(template: Template, type: string): Readonly<Record<string, TemplateResource>> {
  const found = Object.entries(template.Resources).filter(([, { Type }]) => Type === type);
  return Object.fromEntries(found);
}

/** The logical id that a value refers to: `{Ref}` or the first of `{Fn::GetAtt}`. */
export function idOf(value: unknown): string {
  if (!isObject(value)) throw new TypeError(`no reference: ${JSON.stringify(value)}`);
  const { Ref, 'Fn::GetAtt': attribute } = value;
  if (typeof Ref === 'string') return Ref;
  if (Array.isArray(attribute) && typeof attribute[0] === 'string') return attribute[0];
  throw new TypeError(`no reference: ${JSON.stringify(value)}`);
}

export function idsOf(values: unknown): readonly string[] {
  if (!Array.isArray(values)) throw new TypeError('no list of references');
  return values.map(idOf);
}
