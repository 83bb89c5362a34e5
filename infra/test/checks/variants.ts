// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from '../../src/config/deploy.ts';
import { exampleKnown } from '../../src/example.ts';
import type { Stage } from '../../src/stage.ts';
import { keysReplicaStage } from '../../src/stages/keys/replica.ts';
import { stagesOf } from '../../src/stages.ts';
import { type Known, synthesize, type Template } from '../../src/synthesize.ts';
import { CERTIFICATE } from '../support/certificate.ts';
import { configOf } from '../support/known.ts';

const NO_FEATURES = {
  codeSigning: false,
  dnsAdvanced: false,
  dnsFirewallConfig: false,
  zonalShift: false,
  tracing: false,
};

/** What deploy.json has in another partition. */
function elsewhere(partition: string, region: string): Readonly<Record<string, unknown>> {
  const role = (name: string) => `arn:${partition}:iam::111122223333:role/people/${name}`;
  return {
    partition,
    region,
    zones: [`${region}a`, `${region}b`],
    deployers: [role('deployer')],
    breakGlass: [role('on-call')],
    features: NO_FEATURES,
  };
}

const inRegion = (region: string) => ({ region, zones: [`${region}a`, `${region}b`] });

/** Configurations that between them make every resource that a stage can make, and those of other places. */
export const VARIANTS = {
  least: {},
  most: {
    zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    deployers: [
      'arn:aws:iam::111122223333:role/people/deployer',
      'arn:aws:iam::111122223333:role/vault/vault-deploy',
    ],
    organizationId: 'o-exampleorg1',
    tags: { team: 'privacy' },
    replicaRegions: ['eu-west-1', 'eu-north-1'],
    artifacts: { lockDays: 30 },
    data: { auditLogDays: 3653, contributorInsights: true },
    network: {
      prefixLists: { s3: 'pl-6ea54007', dynamodb: 'pl-66a5400f' },
      fips: true,
      sessionManager: true,
      endpoints: ['sts', 'xray'],
      clientCidrs: ['192.168.0.0/16'],
    },
    api: {
      waf: true,
      reservedConcurrency: 50,
      accountLogRole: 'set',
      callers: [
        { arn: 'arn:aws:iam::111122223333:role/apps/claims', tenant: 'default', scopes: ['vaults:read'] },
      ],
    },
    pipeline: {
      source: 'connection',
      connection:
        'arn:aws:codeconnections:eu-central-1:111122223333:connection/11111111-2222-4333-8444-555555555555',
      repository: 'example/vault',
      signingCertificate: CERTIFICATE,
    },
    watch: {
      dataEvents: ['artifacts', 'table'],
      subscribers: ['mailto:security@example.com', 'https://pager.example.com/hook'],
    },
  },
  regional: {
    api: {
      exposure: 'regional',
      auth: 'jwt',
      waf: true,
      cidrs: ['198.51.100.0/24'],
      jwt: {
        issuer: 'https://id.example.com',
        audience: 'vault',
        rules: [{ when: { iss: 'https://id.example.com' }, tenant: 'default', scopes: ['vaults:read'] }],
      },
    },
    watch: { copyToLogs: false },
  },
  'us-east-1': inRegion('us-east-1'),
  'ap-southeast-2': inRegion('ap-southeast-2'),
  'us-gov-west-1': elsewhere('aws-us-gov', 'us-gov-west-1'),
  'cn-north-1': {
    ...elsewhere('aws-cn', 'cn-north-1'),
    api: { accessLogs: false },
    watch: { trail: 'existing', logGroup: 'organization-trail' },
  },
} as const;

export type Variant = keyof typeof VARIANTS;
/** Between them they have every resource; the others differ in names alone, and are for what knows Regions. */
export const DIFFERENT = ['least', 'most', 'regional', 'cn-north-1'] as const satisfies readonly Variant[];

export interface Made {
  readonly stage: Stage;
  readonly config: DeployConfig;
  readonly template: Template;
}

/** All stages of a variant, those in replica Regions included. */
export function stagesIn(variant: Variant): { readonly known: Known; readonly stages: readonly Stage[] } {
  const known = exampleKnown(configOf(VARIANTS[variant]));
  const [first] = known.config.replicaRegions;
  return {
    known,
    stages: [...stagesOf(known.config), ...(first === undefined ? [] : [keysReplicaStage(first) as Stage])],
  };
}

const kept = new Map<Variant, readonly Made[]>();

/** The templates of a variant, made once a process. */
export function made(variant: Variant): readonly Made[] {
  const { known, stages } = stagesIn(variant);
  const templates =
    kept.get(variant) ??
    stages.map((stage) => ({ stage, config: known.config, template: synthesize(stage, known) }));
  kept.set(variant, templates);
  return templates;
}
