// SPDX-License-Identifier: Apache-2.0
import { encodeAttestationRequest, pcr16 } from '@enclave-vault/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { Program } from '../../src/core/program.ts';
import { PCRS, startDeployment, type TestDeployment } from '../support/deployment.ts';
import { call, pushedClock, said, testEnclave } from '../support/enclave.ts';
import { testModule } from '../support/nsm.ts';

let deployment: TestDeployment;
const open: { close: () => Promise<void> }[] = [];
beforeAll(async () => {
  deployment = await startDeployment();
});
afterAll(async () => {
  await Promise.all(open.map((enclave) => enclave.close()));
  await deployment?.close();
});

function enclave(options: Parameters<typeof testEnclave>[1] = {}) {
  const made = testEnclave(deployment, options);
  open.push(made);
  return made;
}

const ATTEST = encodeAttestationRequest(Buffer.alloc(16));
type Enclave = ReturnType<typeof testEnclave>;
const tell = async ({ program }: Enclave, method: string, path: string, body?: Buffer) =>
  said(await program.handle(call(method, path, body)));
const phase = async (one: Enclave): Promise<unknown> =>
  JSON.parse(String(await tell(one, 'GET', '/v1/health'))).phase;

describe('boot', () => {
  test('answers nothing but configuration and health', async () => {
    const one = enclave();
    expect(await phase(one)).toBe('boot');
    for (const [method, path] of [
      ['POST', '/v1/decrypt'],
      ['POST', '/v1/attestation'],
      ['GET', '/'],
      ['POST', '/v1/configuration'],
      ['PUT', '/v1/configuration/'],
      ['PUT', '/v1/configuration?x'],
      ['GET', 'constructor'],
      ['', '__proto__'],
    ] as const) {
      expect(await tell(one, method, path, ATTEST)).toBe('no_configuration');
    }
    expect(one.module.registers.describe(16)).toMatchObject({ lock: false });
    expect(one.module.state.attested).toBe(0);
  });
});

describe('configuration', () => {
  test('is measured and locked in PCR16, and then served by', async () => {
    const one = enclave();
    expect(await one.configure()).toBe('empty');
    expect(await phase(one)).toBe('serving');
    expect(one.module.registers.describe(16)).toEqual({ lock: true, data: pcr16(deployment.configuration) });
  });

  test('comes once', async () => {
    const one = enclave();
    await one.configure();
    expect(await one.configure()).toBe('not_found');
    expect(await phase(one)).toBe('serving');
  });

  test('comes once, also when two arrive together', async () => {
    const one = enclave();
    const both = await Promise.all([one.configure(), one.configure()]);
    expect(both.sort()).toEqual(['empty', 'no_configuration']);
    expect(one.module.registers.describe(16)).toEqual({ lock: true, data: pcr16(deployment.configuration) });
  });

  test.each([
    ['garbage', Buffer.from('garbage')],
    ['nothing', Buffer.alloc(0)],
  ])('%s is measured before it is read, and ends the enclave', async (_, configuration) => {
    const one = enclave({ configuration });
    expect(await one.configure()).toBe('malformed');
    expect(one.module.registers.describe(16)).toEqual({ lock: true, data: pcr16(configuration) });
    expect(await phase(one)).toBe('unusable');
    expect(await tell(one, 'PUT', '/v1/configuration', deployment.configuration)).toBe('no_configuration');
    expect(await tell(one, 'POST', '/v1/attestation', ATTEST)).toBe('no_configuration');
    expect(one.module.state.attested).toBe(0);
  });

  test('a body that breaks off measures nothing and ends the enclave', async () => {
    const one = enclave();
    const broken = { ...call('PUT', '/v1/configuration'), body: () => Promise.reject(new Error('reset')) };
    expect(said(await one.program.handle(broken))).toBe('internal');
    expect(await phase(one)).toBe('unusable');
  });
});

describe('the module', () => {
  test.each([
    ['extended', (registers: Enclave['module']['registers']) => registers.extend(16, Buffer.alloc(48))],
    ['locked', (registers: Enclave['module']['registers']) => registers.lock(16)],
  ])('a register that is %s already: no enclave', async (_, touch) => {
    const module = testModule(deployment.root, PCRS);
    touch(module.registers);
    const one = enclave({ module });
    expect(await one.configure()).toBe('internal');
    expect(await phase(one)).toBe('unusable');
    expect(one.events).toContainEqual({ event: 'refused', code: 'internal', detail: 'pcr_in_use' });
  });

  test('a register that does not hold what it should: no enclave', async () => {
    const module = testModule(deployment.root, PCRS);
    // A module that extends with something else.
    const { handle } = module;
    const lying = {
      ...module,
      handle: async (request: Uint8Array) => {
        const answer = await handle(request);
        if (Buffer.from(request).includes('LockPCR')) return answer;
        if (Buffer.from(request).includes('ExtendPCR')) module.registers.extend(16, Buffer.from('more'));
        return answer;
      },
    };
    const one = enclave({ module: lying });
    expect(await one.configure()).toBe('internal');
    expect(one.events).toContainEqual({ event: 'refused', code: 'internal', detail: 'pcr_mismatch' });
  });

  test('one that cannot attest: no enclave', async () => {
    const module = testModule(deployment.root, PCRS);
    module.state.broken = true;
    const one = enclave({ module });
    expect(await one.configure()).toBe('internal');
    expect(await phase(one)).toBe('unusable');
  });
});

describe('whoever sends the configuration', () => {
  function recording() {
    const peers: number[] = [];
    const program = new Program({
      nsm: new NsmClient(testModule(deployment.root, PCRS).handle),
      clock: pushedClock(),
      log: () => undefined,
      sweep: () => undefined,
      kms: (_, peer) => {
        peers.push(peer);
        return { decrypt: () => Promise.reject(new Error('not asked')) };
      },
      expressions: () => ({ evaluate: async () => [] }),
    });
    return { program, peers };
  }
  const configuration = () => call('PUT', '/v1/configuration', deployment.configuration);

  test('is where KMS is looked for', async () => {
    const { program, peers } = recording();
    expect(said(await program.handle({ ...configuration(), peer: 3 }))).toBe('empty');
    expect(peers).toEqual([3]);
  });

  test('and is gone: nothing is measured, and the enclave is of no use', async () => {
    const { program, peers } = recording();
    const gone = Object.defineProperty(configuration(), 'peer', {
      get: () => {
        throw new Error('closed');
      },
    });
    expect(said(await program.handle(gone))).toBe('internal');
    expect(said(await program.handle({ ...configuration(), peer: 3 }))).toBe('no_configuration');
    expect(peers).toEqual([]);
  });
});
