// SPDX-License-Identifier: Apache-2.0
/**
 * The canaries as they are deployed: the bundles of the release with the settings, rights, boundary, endpoint policy and
 * manifest of the templates, the parent's probe with the instance's, before an emulated KMS whose keys have the templates'
 * policies. Each row changes one thing of a key and says what sees it, in one run.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import type { PolicyDocument, Statement } from '@enclave-vault/policies';
import { readRole } from '@enclave-vault/settings';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildCanary } from '../../canary/build.ts';
import { METRICS, type Reading } from '../../canary/src/index.ts';
import type { PrincipalConfig } from '../../emulators/kms/src/config.ts';
import { testEmulator } from '../../emulators/kms/test/support/emulator.ts';
import { startCanary } from '../../host/parent/src/canary.ts';
import {
  CANARY,
  CONTROLLERS,
  canaryManifest,
  comparedPolicies,
  contextOf,
  DECRYPTION,
  DEPLOY,
  EXAMPLE_MEASUREMENTS,
  exampleKnown,
  IDENTITIES,
  KEYS,
  type Known,
  MANIFEST_FILE,
  NETWORK,
  namesOf,
  synthesize,
  type Template,
} from '../src/index.ts';
import { PARENT_FIGURES } from '../src/stages/decryption/figures.ts';

const config = readRole(DEPLOY, { file: DEPLOY.example, env: {} });
const names = namesOf(config);
const bare = exampleKnown(config);
const propertiesOf = (template: Template, id: string): Readonly<Record<string, unknown>> =>
  template.Resources[id]?.Properties ?? {};

/** A document of a template, whichever of its resources carries it. */
function carried(template: Template, member: string, having: string): PolicyDocument {
  const found = Object.values(template.Resources).find(({ Properties }) =>
    Object.values(Properties ?? {}).includes(having),
  );
  return found?.Properties?.[member] as PolicyDocument;
}
const controllers = synthesize(CONTROLLERS, bare);
const identities = synthesize(IDENTITIES, bare);
const boundary = (kind: string): PolicyDocument =>
  carried(controllers, 'PolicyDocument', `vault-boundary-${kind}`) ??
  carried(identities, 'PolicyDocument', `vault-boundary-${kind}`);

/** Keys get their ids where they are made: until then rights are on any. */
const anyKey = (document: PolicyDocument): PolicyDocument =>
  JSON.parse(JSON.stringify(document).replaceAll(/arn:aws:kms:[^"]+:key\/[^"]+/g, '*')) as PolicyDocument;
const principal = (role: string, rights: PolicyDocument, kind: string): PrincipalConfig => ({
  arn: names.roleArn(role),
  accessKeyId: `AKIA${Buffer.from(role).toString('hex').toUpperCase().padEnd(16, '0').slice(0, 40)}`,
  secretAccessKey: `secret of ${role}`,
  identityPolicies: [anyKey(rights)],
  boundary: boundary(kind),
});
const canaryTemplate = synthesize(CANARY, bare);
const rightsOf = (template: Template, role: string): PolicyDocument =>
  carried(template, 'PolicyDocument', `vault-${role}`);
const inside = principal('canary-inside', rightsOf(canaryTemplate, 'canary-inside'), 'canary');
const outside = principal('canary-outside', rightsOf(canaryTemplate, 'canary-outside'), 'canary');
const decryptionTemplate = synthesize(DECRYPTION, bare);
const instance = principal('instance', rightsOf(decryptionTemplate, 'instance'), 'instance');
const deployment: PrincipalConfig = {
  arn: names.roles.deployment,
  accessKeyId: 'AKIADEPLOYMENT000000',
  secretAccessKey: 'secret of deployment',
  identityPolicies: [
    { Version: '2012-10-17', Statement: [{ Sid: 'All', Effect: 'Allow', Action: 'kms:*', Resource: '*' }] },
  ],
};

const networkOutputs = bare.outputs.get(NETWORK.id) ?? {};
const emulator = await testEmulator(
  [
    inside,
    outside,
    instance,
    deployment,
    ...(['api', 'breakGlass'] as const).map((role) => ({
      ...deployment,
      arn: names.roles[role],
      accessKeyId: `AKIA${role.toUpperCase()}0000000000`,
    })),
  ],
  {
    listeners: [
      { host: '127.0.0.1', port: 0, network: null },
      {
        host: '127.0.0.1',
        port: 0,
        network: {
          sourceVpc: String(networkOutputs.VpcId),
          sourceVpce: String(networkOutputs.KmsEndpointId),
          endpointPolicy: anyKey(
            propertiesOf(synthesize(NETWORK, bare), 'KmsEndpoint').PolicyDocument as PolicyDocument,
          ),
        },
      },
    ],
  },
);
const [there, here] = emulator.endpoints.map(({ url }) => url);

const keyTemplate = synthesize(KEYS, bare);
const NAMES = { vault: 'VaultKey', request: 'RequestKey', integrity: 'IntegrityKey' } as const;
type KeyName = keyof typeof NAMES;
const deployed = Object.fromEntries(
  Object.entries(NAMES).map(([name, id]) => [name, propertiesOf(keyTemplate, id).KeyPolicy]),
) as Readonly<Record<KeyName, PolicyDocument>>;
const arns: Record<string, string> = {};
for (const name of Object.keys(NAMES) as KeyName[]) {
  const made = await emulator
    .client(deployment)
    .send(new CreateKeyCommand({ Policy: JSON.stringify(deployed[name]) }));
  arns[name] = made.KeyMetadata?.Arn ?? '';
}
const put = (name: KeyName, policy: PolicyDocument) =>
  emulator
    .client(deployment)
    .send(new PutKeyPolicyCommand({ KeyId: arns[name], Policy: JSON.stringify(policy) }));

/** The same deployment, of these keys. */
const known: Known = {
  ...bare,
  outputs: new Map([
    ...bare.outputs,
    [
      KEYS.id,
      {
        ...bare.outputs.get(KEYS.id),
        VaultKeyArn: arns.vault ?? '',
        RequestKeyArn: arns.request ?? '',
        IntegrityKeyArn: arns.integrity ?? '',
      },
    ],
  ]),
};
const policies = comparedPolicies(contextOf(known), EXAMPLE_MEASUREMENTS);

/** One call of DynamoDB, GetResourcePolicy, in its place: the emulated account has no wire. */
let tablePolicy: object | null = policies.table;
const table = createServer((request, response) => {
  const action = request.headers['x-amz-target'];
  const known = action === 'DynamoDB_20120810.GetResourcePolicy' && tablePolicy !== null;
  request.resume().on('end', () => {
    response.writeHead(known ? 200 : 400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(
      JSON.stringify(
        known
          ? { Policy: JSON.stringify(tablePolicy), RevisionId: '1' }
          : { __type: 'com.amazonaws.dynamodb.v20120810#PolicyNotFoundException' },
      ),
    );
  });
});
await new Promise<void>((done) => table.listen(0, '127.0.0.1', done));
const folder = await mkdtemp(join(tmpdir(), 'canary-deployed-'));
afterAll(async () => {
  table.close();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A bundle, loaded with what its template tells it and nothing of this process's own. */
async function load(
  place: 'inside' | 'outside',
  who: PrincipalConfig,
  endpoint = '',
): Promise<() => Promise<void>> {
  const { directory } = await buildCanary(`canary-${place}`, join(folder, place));
  const made = propertiesOf(
    synthesize(CANARY, known),
    place === 'inside' ? 'InsideFunction' : 'OutsideFunction',
  );
  const { Variables } = made.Environment as { readonly Variables: Readonly<Record<string, string>> };
  const manifest = join(directory, MANIFEST_FILE);
  if (Variables.ENCLAVE_VAULT_MANIFEST !== undefined) await writeFile(manifest, canaryManifest([policies]));
  const env: Readonly<Record<string, string>> = {
    ...Variables,
    ...(Variables.ENCLAVE_VAULT_MANIFEST === undefined ? {} : { ENCLAVE_VAULT_MANIFEST: manifest }),
    ENCLAVE_VAULT_KMS_ENDPOINT: endpoint,
    ENCLAVE_VAULT_KMS_CA: emulator.ca,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(table.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: who.accessKeyId,
    AWS_SECRET_ACCESS_KEY: who.secretAccessKey,
  };
  // Both run in this process, each in its own environment.
  const within = async <T>(what: () => Promise<T>): Promise<T> => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    return await what().finally(() => vi.unstubAllEnvs());
  };
  const file = join(directory, 'index.mjs');
  const { handler } = await within(
    async () => (await import(file)) as { readonly handler: () => Promise<void> },
  );
  return () => within(handler);
}

/** What a run writes: one line, of which CloudWatch makes metrics. */
async function captured(run: () => Promise<void>): Promise<Readonly<Record<string, unknown>>> {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await run();
    return JSON.parse(String(written.mock.calls.at(-1)?.[0])) as Readonly<Record<string, unknown>>;
  } finally {
    written.mockRestore();
  }
}

/** One run of the parent's: the lines that its log would have. */
async function parentRun(): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  const { hostname, port } = new URL(here ?? '');
  const end = startCanary({
    enclave: {
      vaultKeyArns: [arns.vault ?? ''],
      requestKeyArns: [arns.request ?? ''],
      legacyKeyArns: [],
      tlsRoots: [emulator.ca],
    },
    kms: { host: hostname, port: Number(port) },
    credentials: {
      available: true,
      identity: null,
      close: () => undefined,
      current: async () => ({ ...instance, sessionToken: null, expiration: null }),
    },
    log: (_, event, fields) => void (event === 'canary' && readings.push(fields as unknown as Reading)),
    seconds: 60,
    legacyKeys: true,
  });
  await vi.waitFor(() => expect(readings).toHaveLength(2), { timeout: 60_000 });
  end();
  return readings;
}

let runInside: () => Promise<void>;
let runOutside: () => Promise<void>;
beforeAll(async () => {
  runInside = await load('inside', inside, here);
  runOutside = await load('outside', outside, there);
});

const GOOD = ['ExpectedDenied', 'AsDeployed'];
const told = (place: string, readings: readonly Reading[]): string[] =>
  readings
    .filter(({ outcome }) => !GOOD.includes(outcome))
    .map(
      ({ probe, outcome, reason }) =>
        `${place} ${probe} ${outcome}${outcome === 'PolicyDrift' ? ` ${reason}` : ''}`,
    );

/** Everything that is not well, after one run of each. */
async function seen(): Promise<string[]> {
  const readings = async (run: () => Promise<void>) => (await captured(run)).readings as readonly Reading[];
  return [
    ...told('inside', await readings(runInside)),
    ...told('outside', await readings(runOutside)),
    ...told('parent', await parentRun()),
  ].sort();
}

test('all is well with what the templates say, and every metric of each is written', async () => {
  expect(await seen()).toEqual([]);
  const line = await captured(runInside);
  expect(Object.keys(line)).toEqual(expect.arrayContaining([...METRICS.inside]));
  expect(line).toMatchObject({ ExpectedDenied: 4, AsDeployed: 7, PolicyDrift: 0, CanaryError: 0 });
  expect(await captured(runOutside)).toMatchObject({ ExpectedDenied: 4, UnexpectedAllow: 0, CanaryError: 0 });
});

const ALLOW: Statement = { Sid: 'Hostile', Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' };
const without = (policy: PolicyDocument, sids: RegExp, ...more: Statement[]): PolicyDocument => {
  const kept = policy.Statement.filter(({ Sid }) => !sids.test(Sid));
  expect(kept.length).toBeLessThan(policy.Statement.length);
  return { ...policy, Statement: [...kept, ...more] };
};
const PCRS = [0, 1, 2, 3, 8, 16].map((pcr) => `inside vault.policy PolicyDrift missing DenyWithoutPCR${pcr}`);

describe('one thing changed in the vault key’s policy', () => {
  const rows: readonly (readonly [string, (policy: PolicyDocument) => PolicyDocument, readonly string[]])[] =
    [
      ...[0, 1, 2, 3, 8, 16].map(
        (pcr) =>
          [
            `PCR${pcr} is not asked for: the others still refuse the parent, and drift names it`,
            (policy: PolicyDocument) => without(policy, new RegExp(`^DenyWithoutPCR${pcr}$`)),
            [`inside vault.policy PolicyDrift missing DenyWithoutPCR${pcr}`],
          ] as const,
      ),
      [
        'attestation is not asked for at all: the parent alone is let in',
        (policy) => without(policy, /^DenyWithoutPCR/),
        [...PCRS, 'parent vault.decrypt UnexpectedAllow'],
      ],
      [
        'an Allow for everybody, and no Deny of decryption',
        (policy) => without(policy, /^(DenyWithoutPCR\d+|DenyDecryptByOthers)$/, ALLOW),
        [
          'inside vault.decrypt UnexpectedAllow',
          'inside vault.policy PolicyDrift added Hostile',
          'inside vault.policy PolicyDrift missing DenyDecryptByOthers',
          ...PCRS,
          'parent vault.decrypt UnexpectedAllow',
        ],
      ],
      [
        'open to other networks',
        (policy) => without(policy, /^DenyOutside(Network|Endpoint)$/),
        [
          'inside vault.policy PolicyDrift missing DenyOutsideEndpoint',
          'inside vault.policy PolicyDrift missing DenyOutsideNetwork',
          'outside vault.describe UnexpectedAllow',
        ],
      ],
    ];

  test.each(rows)('%s', async (_, change, expected) => {
    await put('vault', change(deployed.vault));
    try {
      expect(await seen()).toEqual([...expected].sort());
    } finally {
      await put('vault', deployed.vault);
    }
    expect(await seen()).toEqual([]);
  });
});

test('the integrity key is used by nobody here, and drift of it is seen all the same', async () => {
  await put('integrity', without(deployed.integrity, /^DenyUseByOthers$/));
  expect(await seen()).toEqual(['inside integrity.policy PolicyDrift missing DenyUseByOthers']);
  await put('integrity', deployed.integrity);
});

test('a statement out of the table’s policy is drift, and so is the table without one', async () => {
  const { Statement: statements, ...rest } = policies.table;
  tablePolicy = { ...rest, Statement: statements.filter(({ Sid }) => Sid !== 'DenyItemsToOthers') };
  expect(await seen()).toEqual(['inside table.policy PolicyDrift missing DenyItemsToOthers']);
  tablePolicy = null;
  expect(await seen()).toEqual(['inside table.policy PolicyDrift no_policy']);
  tablePolicy = policies.table;
});

test('a refusal of the parent’s is what its metric filter counts, line by line', () => {
  // As host/parent/src/canary.ts writes them, and CloudWatch's filters of the template read them.
  for (const [figure, outcome] of [
    ['canary_denied', 'ExpectedDenied'],
    ['canary_allowed', 'UnexpectedAllow'],
    ['canary_error', 'CanaryError'],
  ] as const)
    expect(PARENT_FIGURES[figure].pattern).toBe(`{ $.event = "canary" && $.outcome = "${outcome}" }`);
});
