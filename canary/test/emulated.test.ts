// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';
import { CreateKeyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  breakGlassIdentityPolicy,
  canaryIdentityPolicy,
  type Deployment,
  deploymentIdentityPolicy,
  kmsEndpointPolicy,
  type PolicyDocument,
  requestKeyPolicy,
  type Statement,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import { afterAll, describe, expect, it } from 'vitest';
import type { PrincipalConfig } from '../../emulators/kms/src/config.ts';
import { ACCOUNT, REGION, role, testEmulator } from '../../emulators/kms/test/support/emulator.ts';
import { MEASUREMENTS } from '../../policies/test/support.ts';
import { kmsAsk, probesOf, type Reading, runProbes } from '../src/index.ts';

/** The two that are functions of their own. */
type Place = 'inside' | 'outside';

/* The probes against KMS as it is emulated, with the policies that AWS will get. */

const deployment: Deployment = {
  partition: 'aws',
  account: ACCOUNT,
  region: REGION,
  name: 'vault',
  network: { vpcId: 'vpc-0a', vpceId: 'vpce-0b' },
  roles: {
    api: role('api').arn,
    instance: role('instance').arn,
    deployment: role('deployment').arn,
    breakGlass: role('break-glass').arn,
  },
};
const deployer = role('deployment', [deploymentIdentityPolicy(deployment)]);
/** Refused by none but the key policies: until the keys are there, any key of the account. */
const canary = (place: Place): PrincipalConfig => {
  const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/mrk-${'0'.repeat(32)}`;
  const document = canaryIdentityPolicy(deployment, place, {
    vaultKey: key,
    requestKey: key,
    function: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:vault-canary-${place}`,
    logGroup: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/lambda/vault-canary-${place}`,
  });
  const anyKey: PolicyDocument = JSON.parse(JSON.stringify(document).replaceAll(key, '*'));
  return role(`canary-${place}`, [anyKey]);
};
const callers = { inside: canary('inside'), outside: canary('outside') };
const listeners = { outside: 0, inside: 1 };
const emulator = await testEmulator(
  [
    deployer,
    role('api', []),
    role('instance', []),
    role('break-glass', [breakGlassIdentityPolicy(deployment)]),
    callers.inside,
    callers.outside,
  ],
  {
    listeners: [
      { host: '127.0.0.1', port: 0, network: null },
      {
        host: '127.0.0.1',
        port: 0,
        network: {
          sourceVpc: 'vpc-0a',
          sourceVpce: 'vpce-0b',
          endpointPolicy: kmsEndpointPolicy(deployment),
        },
      },
    ],
  },
);

async function create(policy: PolicyDocument): Promise<string> {
  const made = await emulator.client(deployer).send(new CreateKeyCommand({ Policy: JSON.stringify(policy) }));
  return made.KeyMetadata?.Arn ?? '';
}
const real = {
  vault: vaultKeyPolicy(deployment, MEASUREMENTS),
  request: requestKeyPolicy(deployment, MEASUREMENTS),
};
const keys = { vault: await create(real.vault), request: await create(real.request) };

interface Broken {
  readonly keys?: typeof keys;
  readonly endpoint?: string;
  readonly credentials?: PrincipalConfig;
  readonly ca?: string;
  readonly limitMs?: number;
}
async function readings(place: Place, broken: Broken = {}): Promise<readonly Reading[]> {
  const { accessKeyId, secretAccessKey } = broken.credentials ?? callers[place];
  const probed = broken.keys ?? keys;
  const ask = kmsAsk(
    {
      keys: probed,
      kms: {
        endpoint: broken.endpoint ?? emulator.endpoints[listeners[place]]?.url,
        ca: broken.ca ?? emulator.ca,
        fips: false,
      },
    },
    { accessKeyId, secretAccessKey },
  );
  return runProbes(probesOf(place, probed), ask, broken.limitMs ?? 5_000);
}
const outcomes = async (place: Place, broken?: Broken) =>
  Object.fromEntries((await readings(place, broken)).map(({ probe, outcome }) => [probe, outcome]));

/** With other policies in force, for as long as it takes. */
async function under<T>(policies: Partial<typeof real>, run: () => Promise<T>): Promise<T> {
  const put = async (chosen: typeof real) => {
    for (const key of ['vault', 'request'] as const)
      await emulator
        .client(deployer)
        .send(new PutKeyPolicyCommand({ KeyId: keys[key], Policy: JSON.stringify(chosen[key]) }));
  };
  await put({ ...real, ...policies });
  try {
    return await run();
  } finally {
    await put(real);
  }
}

const ALLOW: Statement = { Sid: 'Hostile', Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' };
const DECRYPTION = [/^DenyWithoutPCR/, /^DenyDecryptByOthers$/];
const NETWORK = [/^DenyOutsideNetwork$/, /^DenyOutsideEndpoint$/];
const without = (policy: PolicyDocument, sids: readonly RegExp[], ...more: Statement[]): PolicyDocument => {
  const kept = policy.Statement.filter(({ Sid }) => !sids.some((sid) => sid.test(Sid)));
  // A mutation that removes nothing would be noticed by nobody, and prove nothing.
  expect(kept.length).toBeLessThan(policy.Statement.length);
  return { ...policy, Statement: [...kept, ...more] };
};
/** What the KMS console writes for a key, after somebody's quick fix: the account may do everything, by identity policies. */
const CONSOLE: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'EnableIAMUserPermissions',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
};

const EXPECTED = {
  inside: {
    'vault.decrypt': 'ExpectedDenied',
    'request.decrypt': 'ExpectedDenied',
    'vault.make_pair': 'ExpectedDenied',
    'request.make_key': 'ExpectedDenied',
  },
  outside: {
    'vault.decrypt': 'ExpectedDenied',
    'request.decrypt': 'ExpectedDenied',
    'vault.describe': 'ExpectedDenied',
    'request.describe': 'ExpectedDenied',
  },
};

describe('under the real key policies', () => {
  it.each(['inside', 'outside'] as const)('every probe is refused by the key policy: %s', async (place) => {
    expect(await outcomes(place)).toEqual(EXPECTED[place]);
  });

  it('so it is before there is any measurement', async () => {
    const shut = { vault: vaultKeyPolicy(deployment, null), request: requestKeyPolicy(deployment, null) };
    expect(await under(shut, () => outcomes('inside'))).toEqual(EXPECTED.inside);
  });

  it('asks KMS for each: no refusal is the canary’s own', async () => {
    const before = emulator.events.length;
    await readings('inside');
    const asked = emulator.events.slice(before);
    expect(asked.map(({ eventName }) => eventName).sort()).toEqual([
      'Decrypt',
      'Decrypt',
      'GenerateDataKey',
      'GenerateDataKeyPairWithoutPlaintext',
    ]);
    for (const { errorCode } of asked) expect(errorCode).toBe('AccessDenied');
  });
});

describe('under weakened key policies', () => {
  type Row = readonly [
    what: string,
    place: Place,
    policies: () => Partial<typeof real>,
    seen: Readonly<Record<string, string>>,
  ];
  const rows: readonly Row[] = [
    [
      'no Deny of decryption, and no Allow yet',
      'inside',
      () => ({ vault: without(real.vault, DECRYPTION) }),
      { 'vault.decrypt': 'CanaryError' },
    ],
    [
      'no Deny of decryption, and an Allow',
      'inside',
      () => ({ vault: without(real.vault, DECRYPTION, ALLOW) }),
      { 'vault.decrypt': 'UnexpectedAllow' },
    ],
    [
      'the same of the request key',
      'inside',
      () => ({ request: without(real.request, DECRYPTION, ALLOW) }),
      { 'request.decrypt': 'UnexpectedAllow' },
    ],
    [
      'anybody may make key pairs',
      'inside',
      () => ({ vault: without(real.vault, [/^DenyKeyPairsByOthers$/], ALLOW) }),
      { 'vault.make_pair': 'UnexpectedAllow' },
    ],
    [
      'no Deny of key pairs, and no Allow yet',
      'inside',
      () => ({ vault: without(real.vault, [/^DenyKeyPairsByOthers$/]) }),
      { 'vault.make_pair': 'CanaryError' },
    ],
    [
      'anybody may make data keys',
      'inside',
      () => ({ request: without(real.request, [/^DenyDataKeysByOthers$/], ALLOW) }),
      { 'request.make_key': 'UnexpectedAllow' },
    ],
    [
      'open to other networks, nothing else',
      'outside',
      () => ({ vault: without(real.vault, NETWORK) }),
      { 'vault.describe': 'UnexpectedAllow' },
    ],
    [
      'the request key open to other networks',
      'outside',
      () => ({ request: without(real.request, NETWORK) }),
      { 'request.describe': 'UnexpectedAllow' },
    ],
    [
      'neither network nor attestation',
      'outside',
      () => ({ vault: without(real.vault, [...NETWORK, ...DECRYPTION], ALLOW) }),
      { 'vault.decrypt': 'UnexpectedAllow', 'vault.describe': 'UnexpectedAllow' },
    ],
    [
      'the console’s default, inside',
      'inside',
      () => ({ vault: CONSOLE, request: CONSOLE }),
      Object.fromEntries(Object.keys(EXPECTED.inside).map((probe) => [probe, 'UnexpectedAllow'])),
    ],
    [
      'the console’s default, outside',
      'outside',
      () => ({ vault: CONSOLE, request: CONSOLE }),
      Object.fromEntries(Object.keys(EXPECTED.outside).map((probe) => [probe, 'UnexpectedAllow'])),
    ],
  ];

  it.each(rows)('notices: %s', async (_, place, policies, seen) => {
    expect(await under(policies(), () => outcomes(place))).toEqual({ ...EXPECTED[place], ...seen });
  });

  it('an Allow alone changes nothing: the Denies hold', async () => {
    const hostile = {
      vault: { ...real.vault, Statement: [...real.vault.Statement, ALLOW] },
      request: { ...real.request, Statement: [...real.request.Statement, ALLOW] },
    };
    await under(hostile, async () => {
      expect(await outcomes('inside')).toEqual(EXPECTED.inside);
      expect(await outcomes('outside')).toEqual(EXPECTED.outside);
    });
  });

  // What docs/security.md must not claim: a canary is not the instance's role, so DenyDecryptByOthers refuses it alone.
  it('does not see that attestation alone is gone, since others are refused before it', async () => {
    const weak = { vault: without(real.vault, [/^DenyWithoutPCR/]) };
    expect(await under(weak, () => outcomes('inside'))).toEqual(EXPECTED.inside);
  });
});

describe('a broken canary says that it is broken', () => {
  const all = (place: Place, outcome: string) =>
    Object.fromEntries(Object.keys(EXPECTED[place]).map((probe) => [probe, outcome]));

  it.each(['inside', 'outside'] as const)('with credentials that no longer hold: %s', async (place) => {
    const credentials = { ...callers[place], secretAccessKey: 'another' };
    expect(await outcomes(place, { credentials })).toEqual(all(place, 'CanaryError'));
  });

  it.each(['inside', 'outside'] as const)('with keys that are gone: %s', async (place) => {
    const gone = (digit: string) =>
      `arn:aws:kms:${REGION}:${ACCOUNT}:key/${digit.repeat(8)}-1111-4111-8111-111111111111`;
    const seen = await readings(place, { keys: { vault: gone('1'), request: gone('2') } });
    expect(seen.map(({ outcome, reason }) => [outcome, reason])).toEqual(
      Array(4).fill(['CanaryError', 'NotFoundException']),
    );
  });

  it('where nobody listens', async () => {
    const seen = await readings('inside', { endpoint: 'https://127.0.0.1:1' });
    expect(seen.map(({ outcome, reason }) => [outcome, reason])).toEqual(
      Array(4).fill(['CanaryError', 'ECONNREFUSED']),
    );
  });

  it('where somebody listens and never answers', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    afterAll(() => silent.close());
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const started = performance.now();
    const seen = await readings('inside', { endpoint: `https://127.0.0.1:${port}`, limitMs: 200 });
    expect(seen.map(({ outcome }) => outcome)).toEqual(Array(4).fill('CanaryError'));
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('before somebody who is not KMS', async () => {
    const seen = await readings('inside', { ca: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n' });
    expect(seen.map(({ outcome }) => outcome)).toEqual(Array(4).fill('CanaryError'));
  });

  it('without rights of its own: a refusal that says nothing of the key policy', async () => {
    const credentials = role('api');
    // The API's role has no identity policy here; the network's Deny still names the key policy, so ask from inside.
    const seen = await outcomes('inside', { credentials });
    expect(seen['vault.make_pair']).toBe('CanaryError');
    expect(seen['request.make_key']).toBe('CanaryError');
  });
});
