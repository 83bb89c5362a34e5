// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import https, { Agent } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { type KmsEmulator, type PrincipalConfig, startKmsEmulator } from '@enclave-vault/emulator-kms';
import { issueCertificate } from '@enclave-vault/emulator-pki';
import {
  apiIdentityPolicy,
  channelKeyPolicy,
  deploymentIdentityPolicy,
  instanceIdentityPolicy,
  kmsEndpointPolicy,
  type PolicyDocument,
} from '@enclave-vault/policies';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEPLOYMENT } from '../../../policies/test/support.ts';
import { createChannelRoot, openChannelIdentity, type Side } from '../src/index.ts';
import { createKmsSigner, type KmsSignerOptions } from '../src/kms/index.ts';

const { region, account, roles, network } = DEPLOYMENT;
const principal = (arn: string, policy: PolicyDocument): PrincipalConfig => ({
  arn,
  accessKeyId: `AKIA${Buffer.from(arn).toString('hex').slice(-16).toUpperCase()}`,
  secretAccessKey: `secret of ${arn}`,
  identityPolicies: [policy],
});
const API = principal(roles.api, apiIdentityPolicy(DEPLOYMENT));
const INSTANCE = principal(roles.instance, instanceIdentityPolicy(DEPLOYMENT));
const DEPLOYER = principal(roles.deployment, deploymentIdentityPolicy(DEPLOYMENT));
const ROLE = { server: INSTANCE, client: API } as const;

let kms: KmsEmulator;
let keys: Record<Side | 'disabled', string>;

beforeAll(async () => {
  const { vpcId: sourceVpc, vpceId: sourceVpce = '' } = network;
  const endpointPolicy = kmsEndpointPolicy(DEPLOYMENT);
  kms = await startKmsEmulator({
    region,
    account,
    stateFile: null,
    attestationRoots: [],
    principals: [API, INSTANCE, DEPLOYER],
    otherPrincipals: [roles.breakGlass],
    listeners: [
      { host: '127.0.0.1', port: 0, network: { sourceVpc, sourceVpce, endpointPolicy } },
      { host: '127.0.0.1', port: 0, network: null },
    ],
  });
  const client = new KMSClient({
    region,
    endpoint: kms.endpoints[1]?.url ?? '',
    credentials: credentialsOf(DEPLOYER),
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: kms.ca }) }),
  });
  const newKey = async (side: Side) => {
    const Policy = JSON.stringify(channelKeyPolicy(DEPLOYMENT, side));
    const made = new CreateKeyCommand({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY', Policy });
    return (await client.send(made)).KeyMetadata?.Arn ?? '';
  };
  keys = {
    server: await newKey('server'),
    client: await newKey('client'),
    disabled: await newKey('client'),
  };
  await client.send(new DisableKeyCommand({ KeyId: keys.disabled }));
  client.destroy();
});
afterAll(() => kms.close());

const credentialsOf = ({ accessKeyId, secretAccessKey }: PrincipalConfig) => ({
  accessKeyId,
  secretAccessKey,
});
const signer = (side: Side, more: Partial<KmsSignerOptions> = {}) =>
  createKmsSigner({
    keyArn: keys[side],
    region,
    endpoint: kms.endpoints[0]?.url ?? '',
    ca: kms.ca,
    credentials: credentialsOf(ROLE[side]),
    ...more,
  });
const DIGEST = Buffer.alloc(48, 3);

test.each(['server', 'client'] as const)('the %s side opens an identity with its own key', async (side) => {
  const { sign, publicKey, close } = signer(side);
  const spki = Buffer.from(await publicKey());
  const roots = createChannelRoot({ publicKey: spki, side });
  const identity = await openChannelIdentity({ side, sign, roots, log: () => undefined });
  const certificate = new X509Certificate(identity.current().cert);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  expect(certificate.verify(key)).toBe(true);
  expect(verify('sha384', Buffer.from('something else'), key, await sign(DIGEST))).toBe(false);
  identity.close();
  close();
});

test('asks a provider of credentials, as an instance has one', async () => {
  let asked = 0;
  const credentials = async () => {
    asked += 1;
    return { ...credentialsOf(INSTANCE), expiration: new Date(Date.now() + 3_600_000) };
  };
  const { sign, close } = signer('server', { credentials });
  expect(await sign(DIGEST)).toBeInstanceOf(Uint8Array);
  expect(asked).toBe(1);
  close();
});

test.each([
  ['the other side’s role', () => signer('server', { credentials: credentialsOf(API) })],
  ['the deployment role', () => signer('server', { credentials: credentialsOf(DEPLOYER) })],
  ['the right role from outside', () => signer('server', { endpoint: kms.endpoints[1]?.url ?? '' })],
  ['a disabled key', () => signer('client', { keyArn: keys.disabled })],
  ['no key', () => signer('client', { keyArn: keys.client.replace(/.{12}$/, '000000000000') })],
  [
    'a wrong secret',
    () => signer('client', { credentials: { ...credentialsOf(API), secretAccessKey: 'x' } }),
  ],
])('%s is kms_denied, and the message quotes nothing', async (_what, make) => {
  const { sign, close } = make();
  await expect(sign(DIGEST)).rejects.toMatchObject({
    code: 'kms_denied',
    message: expect.stringMatching(/^Sign: [A-Za-z]+Exception$/),
  });
  close();
});

test('nobody there, nobody answering, a stranger’s certificate and a KMS in trouble are kms_unavailable, in time', async () => {
  const silent = net.createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const places: Partial<KmsSignerOptions>[] = [
    { endpoint: 'https://127.0.0.1:1' },
    { endpoint: `https://127.0.0.1:${port}`, timeoutMs: 100 },
    { ca: createChannelRoot({ publicKey: await publicKeyOf('server'), side: 'server' }) },
    { credentials: () => Promise.reject(new Error('no credentials now')) },
  ];
  const started = Date.now();
  await Promise.all(
    places.map(async (place) => {
      const { sign, close } = signer('client', place);
      await expect(sign(DIGEST)).rejects.toMatchObject({ code: 'kms_unavailable' });
      close();
    }),
  );
  expect(Date.now() - started).toBeLessThan(6_000);
  await new Promise((resolve) => silent.close(resolve));
});

test('throttling passes: it is no denial', async () => {
  const { privateKey, certificate } = serverCertificate();
  const server = https.createServer({ key: privateKey, cert: certificate }, (_request, response) => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ __type: 'ThrottlingException', message: 'slow down' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { sign, close } = signer('client', { endpoint: `https://127.0.0.1:${port}`, ca: certificate });
  await expect(sign(DIGEST)).rejects.toMatchObject({ code: 'kms_unavailable' });
  close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function publicKeyOf(side: Side): Promise<Uint8Array> {
  const { publicKey, close } = signer(side);
  const key = await publicKey();
  close();
  return key;
}

function serverCertificate() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { pem } = issueCertificate({
    subject: 'localhost',
    key: privateKey,
    ca: false,
    san: { ip: ['127.0.0.1'] },
    notBefore: Date.now() - 60_000,
    notAfter: Date.now() + 60_000,
  });
  return { privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), certificate: pem };
}
