// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import {
  CreateKeyCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import { type PrincipalConfig, startKmsEmulator } from '@enclave-vault/emulator-kms';
import { createNitroRoot, toPem } from '@enclave-vault/emulator-pki';
import {
  apiIdentityPolicy,
  type Deployment,
  deploymentIdentityPolicy,
  instanceIdentityPolicy,
  legacyKeyPolicy,
  type Measurements,
  requestKeyPolicy,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import {
  type ConfigurationInput,
  encodeConfiguration,
  type ParentCredentials,
  pcr16,
} from '@enclave-vault/protocol';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const ACCOUNT = '111122223333';
const role = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;

export const DEPLOYMENT: Deployment = {
  partition: 'aws',
  account: ACCOUNT,
  region: 'eu-central-1',
  name: 'vault',
  network: { vpcId: 'vpc-0123456789abcdef0' },
  roles: {
    api: role('api'),
    instance: role('instance'),
    deployment: role('deployment'),
    breakGlass: role('glass'),
  },
};

export const KMS_HOST = `kms.${DEPLOYMENT.region}.vault.internal`;

/** Registers that the tests' hypervisor measures. */
export const PCRS: ReadonlyMap<number, Buffer> = new Map(
  [0, 1, 2, 3, 8].map((index) => [index, randomBytes(48)]),
);

function principal(name: string, identityPolicies: PrincipalConfig['identityPolicies']): PrincipalConfig {
  const accessKeyId = `AKIA${Buffer.from(name).toString('hex').toUpperCase().padEnd(24, '0')}`;
  return { arn: role(name), accessKeyId, secretAccessKey: randomBytes(20).toString('hex'), identityPolicies };
}

/** Everything around an enclave that is not the enclave: KMS with the real policies, keys, roles and a root of trust. */
export async function startDeployment(limits: ConfigurationInput['limits'] = {}) {
  const root = createNitroRoot(Date.now());
  const api = principal('api', [apiIdentityPolicy(DEPLOYMENT)]);
  const instance = principal('instance', [instanceIdentityPolicy(DEPLOYMENT)]);
  const deployer = principal('deployment', [deploymentIdentityPolicy(DEPLOYMENT)]);
  // Imported records were wrapped by another system's role, without a context.
  const importer = principal('importer', [
    { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] },
  ]);
  const refusals: Readonly<Record<string, unknown>>[] = [];
  const kms = await startKmsEmulator(
    {
      region: DEPLOYMENT.region,
      account: ACCOUNT,
      stateFile: null,
      attestationRoots: [toPem(root.certificate)],
      principals: [api, instance, deployer, importer],
      otherPrincipals: [DEPLOYMENT.roles.breakGlass],
      listeners: [{ host: '127.0.0.1', port: 0, network: { sourceVpc: DEPLOYMENT.network.vpcId } }],
    },
    { log: (line) => refusals.push(line as unknown as Record<string, unknown>) },
  );
  const port = kms.endpoints[0]?.port ?? 0;
  const clients: KMSClient[] = [];
  const client = ({ accessKeyId, secretAccessKey }: PrincipalConfig): KMSClient => {
    const made = new KMSClient({
      region: DEPLOYMENT.region,
      endpoint: `https://localhost:${port}`,
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ keepAlive: true, ca: kms.ca }) }),
    });
    clients.push(made);
    return made;
  };
  const asApi = client(api);
  const asImporter = client(importer);
  const asDeployer = client(deployer);

  async function createKey(policy: object): Promise<string> {
    const { KeyMetadata } = await asDeployer.send(new CreateKeyCommand({ Policy: JSON.stringify(policy) }));
    return KeyMetadata?.Arn ?? '';
  }

  // Like a real deployment: keys first, that nobody decrypts with; then the configuration that names them, which is measured;
  // then policies that release them to that measurement.
  const keys = {
    vault: await createKey(vaultKeyPolicy(DEPLOYMENT, null)),
    request: await createKey(requestKeyPolicy(DEPLOYMENT, null)),
    legacy: await createKey({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'All',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    }),
  };
  const configuration = encodeConfiguration({
    region: DEPLOYMENT.region,
    kmsHost: KMS_HOST,
    kmsPort: port,
    tlsRoots: [kms.ca],
    vaultKeyArns: [keys.vault],
    requestKeyArns: [keys.request],
    legacyKeyArns: [keys.legacy],
    limits: { requestMs: 30_000, expressionMs: 5_000, ...limits },
  });
  const legacyPair = await asImporter.send(
    new GenerateDataKeyPairWithoutPlaintextCommand({ KeyId: keys.legacy, KeyPairSpec: 'ECC_NIST_P384' }),
  );

  async function release(measured: Buffer = configuration): Promise<void> {
    const { PutKeyPolicyCommand } = await import('@aws-sdk/client-kms');
    const hex = (index: number): string[] => [PCRS.get(index)?.toString('hex') ?? ''];
    const measurements: Measurements = {
      pcr0: hex(0),
      pcr1: hex(1),
      pcr2: hex(2),
      pcr3: hex(3),
      pcr8: hex(8),
      pcr16: [pcr16(measured).toString('hex')],
    };
    const policies = [
      [keys.vault, vaultKeyPolicy],
      [keys.request, requestKeyPolicy],
      [keys.legacy, legacyKeyPolicy],
    ] as const;
    for (const [KeyId, policy] of policies) {
      const Policy = JSON.stringify(policy(DEPLOYMENT, measurements));
      await asDeployer.send(new PutKeyPolicyCommand({ KeyId, Policy }));
    }
  }
  await release();

  return {
    root,
    kms,
    port,
    keys,
    configuration,
    refusals,
    release,
    /** Another key, with the deployment role's rights. @returns its ARN */
    createKey,
    legacyPair,
    credentialsOf: ({ accessKeyId, secretAccessKey }: PrincipalConfig): ParentCredentials => ({
      accessKeyId,
      secretAccessKey,
      sessionToken: null,
      expiration: null,
    }),
    principals: { api, instance },
    region: DEPLOYMENT.region,
    /** As the API does: a key pair under the record's context. */
    keyPair: (vaultId: string, tenant: string) =>
      asApi.send(
        new GenerateDataKeyPairWithoutPlaintextCommand({
          KeyId: keys.vault,
          KeyPairSpec: 'ECC_NIST_P384',
          EncryptionContext: { vault_id: vaultId, tenant_id: tenant },
        }),
      ),
    /** As the API does: a data key for requests. */
    dataKey: async () => {
      const { Plaintext, CiphertextBlob } = await asApi.send(
        new GenerateDataKeyCommand({
          KeyId: keys.request,
          KeySpec: 'AES_256',
          EncryptionContext: { purpose: 'enclave-request/1' },
        }),
      );
      return { dataKey: Buffer.from(Plaintext ?? []), wrappedKey: Buffer.from(CiphertextBlob ?? []) };
    },
    async close(): Promise<void> {
      for (const one of clients) one.destroy();
      await kms.close();
    },
  };
}

export type TestDeployment = Awaited<ReturnType<typeof startDeployment>>;
