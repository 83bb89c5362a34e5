// SPDX-License-Identifier: Apache-2.0
import { exampleOutputs, NETWORK } from '@enclave-vault/infra';
import type { Measurements, PolicyDocument } from '@enclave-vault/policies';
import { type ContextValues, evaluateRequest } from '../../../../emulators/iam/src/index.ts';
import { ALLOW_ALL, attested, encryptionContext } from '../../../../policies/test/support.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { Fixture } from './release-fixture.ts';

/** Who asks for a decryption: an enclave that attests, or the parent's role without one. */
export type Enclave = Partial<Record<keyof Measurements, string>>;
export const UNATTESTED: Enclave = {};
/** What an enclave in debug mode measures to. */
export const DEBUG: Enclave = Object.fromEntries(
  ['pcr0', 'pcr1', 'pcr2', 'pcr3', 'pcr8', 'pcr16'].map((register) => [register, '0'.repeat(96)]),
);

/** An account at one moment: which key policies stand there, and which image the instances run. */
export interface Moment {
  readonly after: string;
  readonly policies: ReadonlyMap<string, PolicyDocument>;
  readonly running: Fixture | undefined;
}

/** An enclave of a release, in this deployment: role and configuration are those of every other one of it. */
export async function enclaveOf({ release }: Fixture, rehearsal: Rehearsal): Promise<Enclave> {
  const { pcr0, pcr1, pcr2, pcr8 } = release.image;
  const admitted = await rehearsal.admitted();
  return { pcr0, pcr1, pcr2, pcr8, pcr3: admitted?.pcr3[0] ?? '', pcr16: admitted?.pcr16[0] ?? '' };
}

/** Every moment since the account was empty. */
export function momentsOf({ cloud, config }: Rehearsal, fixtures: readonly Fixture[]): readonly Moment[] {
  let policies: Moment['policies'] = new Map();
  let running: Fixture | undefined;
  return cloud.observations
    .filter(({ region }) => region === config.region)
    .map(({ stack, template }) => {
      if (stack === `${config.name}-keys`) policies = keyPolicies(template);
      if (stack === `${config.name}-decryption`) {
        running = fixtures.find(({ release }) => template.includes(release.files.image.sha256));
      }
      return { after: stack, policies, running };
    });
}

/** Keys that decrypt for enclaves, with the encryption context that the vault gives for each. */
const CONTEXTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  VaultKey: { vault_id: 'v_1', tenant_id: 't_1' },
  RequestKey: { purpose: 'enclave-request/1' },
};

function keyPolicies(template: string): Moment['policies'] {
  const { Resources } = JSON.parse(template) as {
    Resources: Record<string, { Properties?: { KeyPolicy?: PolicyDocument } }>;
  };
  return new Map(
    Object.keys(CONTEXTS).flatMap((id) => {
      const policy = Resources[id]?.Properties?.KeyPolicy;
      return policy === undefined ? [] : [[id, policy] as const];
    }),
  );
}

/**
 * Which keys decrypt for an enclave at a moment, as KMS would judge it: the policy that stands there, and for the instance's role an
 * Allow of everything, so that the key policy alone decides.
 * @returns names of keys, in order; none before there are any
 */
export function decrypts({ policies }: Moment, enclave: Enclave, { config }: Rehearsal): string[] {
  const { VpcId, KmsEndpointId } = exampleOutputs(NETWORK.outputs, config);
  const place: ContextValues = {
    'aws:SourceVpc': VpcId,
    'aws:SourceVpce': KmsEndpointId,
    'aws:SourceVpcArn': `arn:${config.partition}:ec2:${config.region}:${config.account}:vpc/${VpcId}`,
  };
  const role = `arn:${config.partition}:iam::${config.account}:role/${config.name}/${config.name}-instance`;
  return [...policies].flatMap(([id, resource]) => {
    const { allowed } = evaluateRequest(
      {
        principal: { arn: role, type: 'role', account: config.account },
        action: 'kms:Decrypt',
        resource: `arn:${config.partition}:kms:${config.region}:${config.account}:key/${id}`,
        resourceAccount: config.account,
        context: {
          'aws:PrincipalAccount': config.account,
          ...place,
          ...attested(enclave),
          ...encryptionContext(CONTEXTS[id] ?? {}),
        },
      },
      { identity: [ALLOW_ALL], resource },
    );
    return allowed ? [id] : [];
  });
}
