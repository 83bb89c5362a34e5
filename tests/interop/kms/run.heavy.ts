// SPDX-License-Identifier: Apache-2.0
/**
 * boto3 and the AWS CLI, unchanged, against the KMS emulator's process: `npx node tests/interop/kms/run.heavy.ts`. Prints
 * a line for each check that failed, and `N passed, N failed`. Without Python it says so and ends with 0.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KmsEmulatorConfig, PrincipalConfig } from '@enclave-vault/emulator-kms';
import {
  buildAttestationDocument,
  buildNitroChain,
  createNitroRoot,
  lockedPcrs,
  toPem,
} from '@enclave-vault/emulator-pki';
import { preparePython } from './python.ts';

const REGION = 'eu-central-1';
const ACCOUNT = '111122223333';
const MAIN = fileURLToPath(new URL('../../../emulators/kms/src/main.ts', import.meta.url));
const CLIENT = fileURLToPath(new URL('client.py', import.meta.url));

const principal = (name: string, actions: readonly string[], sessionToken?: string): PrincipalConfig => ({
  arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
  accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(20).toString('base64'),
  ...(sessionToken === undefined ? {} : { sessionToken }),
  identityPolicies: actions.map((Action) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
  })),
});

/** Starts the emulator as a process. It ends when its stdin does. */
async function startEmulator(config: KmsEmulatorConfig) {
  const child = spawn(process.execPath, [MAIN], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
  child.stdin.write(`${JSON.stringify(config)}\n`);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = await new Promise<{ endpoints: { url: string }[]; ca: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    child.once('exit', () => reject(new Error('the emulator did not start')));
  });
  return {
    ...ready,
    stop: () => {
      child.stdin.end();
      return exited;
    },
  };
}

/** Runs the Python side and counts what it says. */
async function runClient(python: string, config: object): Promise<{ passed: number; failed: number }> {
  const child = spawn(python, [CLIENT], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(config));
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const count = { passed: 0, failed: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ok ')) count.passed++;
    else {
      count.failed++;
      console.log(line);
    }
  }
  if ((await code) !== 0) {
    count.failed++;
    console.log('FAILED client.py ended early');
  }
  return count;
}

const prepared = preparePython();
if ('missing' in prepared) {
  console.log(`SKIPPED: boto3 and AWS CLI interop (${prepared.missing})`);
  console.log('0 passed, 0 failed');
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'kms-interop-'));
const root = createNitroRoot(Date.now());
const recipient = generateKeyPairSync('rsa', { modulusLength: 2048 });
const document = buildAttestationDocument({
  chain: buildNitroChain({ root, at: Date.now() }),
  timestamp: Date.now(),
  pcrs: lockedPcrs({ 0: randomBytes(48), 1: randomBytes(48), 2: randomBytes(48) }),
  publicKey: recipient.publicKey.export({ format: 'der', type: 'spki' }),
});
const admin = principal('admin', ['kms:*'], 'a session token/with=signs');
const nobody = principal('nobody', []);
const emulator = await startEmulator({
  region: REGION,
  account: ACCOUNT,
  stateFile: join(folder, 'kms.json'),
  attestationRoots: [toPem(root.certificate)],
  principals: [admin, nobody],
  listeners: [{ host: '127.0.0.1', port: 0, network: null }],
});
try {
  const bundle = join(folder, 'ca.pem');
  writeFileSync(bundle, emulator.ca);
  const { passed, failed } = await runClient(prepared.python, {
    endpoint: emulator.endpoints[0]?.url,
    ca_bundle: bundle,
    home: folder,
    region: REGION,
    credentials: admin,
    nobody: { ...nobody, sessionToken: null },
    document: document.toString('base64'),
    recipient_key: recipient.privateKey.export({ format: 'pem', type: 'pkcs8' }),
  });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
} finally {
  await emulator.stop();
  rmSync(folder, { recursive: true });
}
