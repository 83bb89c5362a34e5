// SPDX-License-Identifier: Apache-2.0
import { connect, createServer } from 'node:net';
import { CreateKeyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  breakGlassIdentityPolicy,
  canaryIdentityPolicy,
  deploymentIdentityPolicy,
  kmsEndpointPolicy,
  type PolicyDocument,
  requestKeyPolicy,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import { describe, expect, it } from 'vitest';
import type { PrincipalConfig } from '../../emulators/kms/src/config.ts';
import { ACCOUNT, REGION, role, testEmulator } from '../../emulators/kms/test/support/emulator.ts';
import { MEASUREMENTS } from '../../policies/test/support.ts';
import { awsLook, kmsAsk, probesOf, type Reading, runProbes } from '../src/index.ts';
import { DEPLOYMENT as deployment } from './support/stage.ts';

/** The two that are functions of their own. */
type Place = 'inside' | 'outside';

/* The probes of the canaries on AWS against KMS as it is emulated, with the rights and the policies that AWS will get.
 * What happens when policies are others is in mutations.test.ts. */

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

const urlOf = (place: Place) => emulator.endpoints[listeners[place]]?.url ?? '';
function asking(place: Place, endpoint = urlOf(place)) {
  const { accessKeyId, secretAccessKey } = callers[place];
  const kms = { endpoint, ca: emulator.ca, fips: false };
  return kmsAsk({ keys, kms }, { accessKeyId, secretAccessKey });
}
const readings = (place: Place): Promise<readonly Reading[]> =>
  runProbes(probesOf(place, keys), asking(place), 60_000);
const outcomes = async (place: Place) =>
  Object.fromEntries((await readings(place)).map(({ probe, outcome }) => [probe, outcome]));

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

  it('asks over connections of each run’s own: one that was kept for a minute may be gone, and is no word about keys', async () => {
    let connections = 0;
    const between = createServer((socket) => {
      connections += 1;
      const onward = connect(Number(new URL(urlOf('outside')).port), '127.0.0.1');
      for (const end of [socket, onward]) end.on('error', () => undefined);
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const address = between.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const ask = asking('outside', `https://127.0.0.1:${port}`);
    const probes = probesOf('outside', keys);
    for (let run = 1; run <= 2; run += 1) {
      const found = await runProbes(probes, ask, 60_000);
      expect(new Set(found.map(({ outcome }) => outcome))).toEqual(new Set(['ExpectedDenied']));
      expect(connections).toBe(run * probes.length);
    }
    connections = 0;
    const table = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/vault`;
    const kms = { endpoint: `https://127.0.0.1:${port}`, ca: emulator.ca, fips: false };
    const { accessKeyId, secretAccessKey } = callers.outside;
    const look = awsLook(
      { keys: { ...keys, integrity: keys.vault }, table },
      { kms },
      { accessKeyId, secretAccessKey },
    );
    for (let looks = 1; looks <= 2; looks += 1) {
      await expect(look.policy('vault', AbortSignal.timeout(60_000))).rejects.toThrow();
      expect(connections).toBe(looks);
    }
    between.close();
  });
});
