// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import { KMSClient } from '@aws-sdk/client-kms';
import { startKmsEmulator } from '@enclave-vault/emulator-kms';
import { kmsEndpointPolicy, type Measurements, type PolicyDocument } from '@enclave-vault/policies';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll } from 'vitest';
import { LOCAL } from '../../src/dev/deployment.ts';
import { DeploymentKeys, type KeyArns } from '../../src/dev/keys.ts';
import { mintPrincipals, type Principals, principalConfigs } from '../../src/dev/principals.ts';
import type { Check, Outcome } from '../../src/doctor/check.ts';
import { runChecks } from '../../src/doctor/check.ts';
import { Clients } from '../../src/doctor/clients.ts';
import type { Subject } from '../../src/doctor/subject.ts';

const sha = (digit: string) => [digit.repeat(96)];
export const MEASURED: Measurements = {
  pcr0: sha('a'),
  pcr1: sha('b'),
  pcr2: sha('c'),
  pcr3: sha('d'),
  pcr8: sha('e'),
  pcr16: sha('f'),
};

export interface Deployed {
  readonly subject: Subject;
  readonly arns: KeyArns;
  readonly principals: Principals;
  /** KMS with the deployment role's rights: it can break what it made. */
  readonly deployment: KMSClient;
  readonly policy: (arn: string) => Promise<PolicyDocument>;
}

/** The keys of a deployment on the emulated KMS, with the generated policies, and what the doctor is told of them. */
export async function deployed(
  options: {
    /** Attached to the admin role beside its own, without a boundary. */
    readonly adminMay?: PolicyDocument;
    readonly measurements?: Measurements | null;
  } = {},
): Promise<Deployed> {
  const principals = mintPrincipals();
  const configs = principalConfigs(principals).map(({ boundary, ...config }) => {
    const more = options.adminMay;
    const loose = more !== undefined && config.accessKeyId === principals.admin.accessKeyId;
    if (loose) return { ...config, identityPolicies: [...config.identityPolicies, more] };
    return { ...config, ...(boundary === undefined ? {} : { boundary }) };
  });
  const { vpcId, vpceId = '' } = LOCAL.network;
  const network = { sourceVpc: vpcId, sourceVpce: vpceId, endpointPolicy: kmsEndpointPolicy(LOCAL) };
  const emulator = await startKmsEmulator({
    region: LOCAL.region,
    account: LOCAL.account,
    stateFile: null,
    attestationRoots: [],
    principals: configs,
    otherPrincipals: [LOCAL.roles.breakGlass],
    listeners: [
      { host: '127.0.0.1', port: 0, network },
      { host: '127.0.0.1', port: 0, network: null },
    ],
  });
  const url = emulator.endpoints[0]?.url ?? '';
  // Where the deployment role works: the endpoint of the VPC has no CreateKey.
  const outside = emulator.endpoints[1]?.url ?? '';
  const keys = new DeploymentKeys(outside, emulator.ca, principals.deployment);
  const arns = await keys.ensure();
  const { measurements = MEASURED } = options;
  await keys.admit(arns, measurements);
  const endpoints = { kms: { url, ca: emulator.ca } };
  const clients = new Clients(LOCAL.region, endpoints);
  const deployment = new KMSClient({
    region: LOCAL.region,
    endpoint: outside,
    credentials: { ...principals.deployment },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: emulator.ca }) }),
  });
  afterAll(async () => {
    for (const open of [clients, keys]) open.close();
    deployment.destroy();
    await emulator.close();
  });
  return {
    arns,
    principals,
    deployment,
    policy: (arn) => keys.policy(arn),
    subject: {
      title: 'test',
      production: false,
      region: LOCAL.region,
      configuration: [],
      deployment: LOCAL,
      expected: MEASURED,
      keys: (['vault', 'request', 'integrity'] as const).map((use) => ({ use, arn: arns[use] })),
      callers: [{ name: 'admin', credentials: principals.admin }],
      endpoints,
      clients,
      now: Date.now,
    },
  };
}

/** What one check finds, by the thing that it is of. */
export async function findings(check: Check, subject: Subject): Promise<Record<string, Outcome>> {
  // Its limit has a test of its own: a busy machine may be slower than an operator waits.
  const found = await runChecks([{ ...check, limitMs: 60_000 }], subject);
  return Object.fromEntries(found.map(({ check: _name, of = '', ...outcome }) => [of, outcome]));
}

/** The same, only the statuses. */
export async function statuses(check: Check, subject: Subject): Promise<Record<string, string>> {
  const found = await findings(check, subject);
  return Object.fromEntries(Object.entries(found).map(([of, { status }]) => [of, status]));
}
