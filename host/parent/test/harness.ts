// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { encodeConfiguration } from '@enclave-vault/protocol';
import type { CredentialSource } from '../src/credentials/source.ts';
import { ParentError } from '../src/errors.ts';
import { Figures } from '../src/figures.ts';
import { Fleet } from '../src/fleet.ts';
import { EmulatedHypervisor } from '../src/hypervisor/emulated.ts';
import { LocalPlaces } from '../src/place/local.ts';
import { ParentServer } from '../src/server.ts';
import { UnixHttpClient } from '../src/unix-http.ts';
import { StandInHypervisor } from './stand-ins.ts';

const ARN = 'arn:aws:kms:eu-central-1:123456789012:key';
/** One that an enclave would take; its root is any certificate. */
export const CONFIGURATION = encodeConfiguration({
  region: 'eu-central-1',
  kmsHost: 'kms.eu-central-1.amazonaws.com',
  tlsRoots: [rootCertificates[0] ?? ''],
  vaultKeyArns: [`${ARN}/11111111-1111-4111-8111-111111111111`],
  requestKeyArns: [`${ARN}/22222222-2222-4222-8222-222222222222`],
  legacyKeyArns: [],
});
export const FIXED = { accessKeyId: 'AKIDEXAMPLE000000', secretAccessKey: 'marked-secret-access-key' };
export const CREDENTIALS = { ...FIXED, sessionToken: null, expiration: null };

/** An instance's, which may be gone for a while. */
class SomeCredentials implements CredentialSource {
  available = true;
  readonly identity = { instanceId: 'i-0', account: '123456789012', region: 'eu-central-1', role: 'parent' };
  async current() {
    if (this.available) return CREDENTIALS;
    throw new ParentError('no_credentials');
  }
  close(): void {}
}

/** A parent before stand-in enclaves; `stop` ends all of it. */
export async function startParent(
  options: { enclaves?: number; maxInFlight?: number; room?: number; healthMs?: number } = {},
) {
  const standIn = await StandInHypervisor.start();
  const logged: { level: string; event: string; fields: unknown }[] = [];
  const log = (level: string, event: string, fields: unknown = {}) =>
    void logged.push({ level, event, fields });
  const fleet = new Fleet({
    enclaves: options.enclaves ?? 1,
    image: '/images/vault',
    cpuCount: 2,
    memoryMib: 512,
    configuration: CONFIGURATION,
    room: options.room ?? 96,
    hypervisor: new EmulatedHypervisor(standIn.control),
    places: new LocalPlaces({ target: { host: '127.0.0.1', port: 9 }, log }),
    timings: {
      pollMs: 40,
      healthMs: options.healthMs ?? 20_000,
      bootMs: 60_000,
      backoffBaseMs: 20,
      backoffMaxMs: 100,
      settledMs: 100,
    },
    log,
  });
  const credentials = new SomeCredentials();
  const figures = new Figures();
  const server = new ParentServer({
    fleet,
    credentials,
    log,
    figures,
    ...(options.maxInFlight === undefined ? {} : { maxInFlight: options.maxInFlight }),
  });
  const socketPath = join(standIn.folder, 'parent.sock');
  await server.listen(socketPath);
  const client = new UnixHttpClient(socketPath);
  return {
    standIn,
    credentials,
    fleet,
    server,
    socketPath,
    client,
    logged,
    figures,
    post: (path: string, body: Buffer, headers: Record<string, string> = {}) =>
      client.request({ method: 'POST', path, body, headers, timeoutMs: 9_000, maxBytes: 11 * 1024 * 1024 }),
    get: (path: string) => client.request({ method: 'GET', path, timeoutMs: 3_000, maxBytes: 1024 * 1024 }),
    stop: async () => {
      client.close();
      await server.drain(200);
      await fleet.close();
      await standIn.close();
    },
  };
}

/** Waits until `check` holds, or fails; the limit is generous, for machines that are busy. */
export async function until(check: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!check()) {
    if (Date.now() > end) throw new Error('did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
