// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { verifyAttestation } from '@enclave-vault/attestation';
import { toPem } from '@enclave-vault/emulator-pki';
import {
  encodeAttestationRequest,
  encodeConfiguration,
  keyId,
  parseConfiguration,
  parseUserData,
  pcr16,
} from '@enclave-vault/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kms, KmsDecrypt } from '../../src/ports.ts';
import { everythingOf, now, Question, type StoredRecord, store } from '../support/caller.ts';
import { PCRS, startDeployment, type TestDeployment } from '../support/deployment.ts';
import { call, said, testEnclave } from '../support/enclave.ts';
import { testModule } from '../support/nsm.ts';

/** What the enclave proves, to KMS and to callers, and what KMS makes of it. */
let deployment: TestDeployment;
let key: { dataKey: Buffer; wrappedKey: Buffer };
let record: StoredRecord;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  deployment = await startDeployment();
  key = await deployment.dataKey();
  record = await store(deployment, { city: 'Bern' });
});
afterAll(async () => {
  await Promise.all(open.map((enclave) => enclave.close()));
  await deployment?.close();
});

async function configured(options: Parameters<typeof testEnclave>[1] = {}) {
  const enclave = testEnclave(deployment, options);
  open.push(enclave);
  expect(await enclave.configure()).toBe('empty');
  return enclave;
}

/** One for all tests that need nothing special: an RSA key takes its time. */
let shared: ReturnType<typeof configured> | null = null;
const plain = (): ReturnType<typeof configured> => {
  shared ??= configured();
  return shared;
};

const OK = { data: [['city', '"Bern"']], errors: [] };
/** Made `ahead` ms from now, for an enclave whose clock was pushed. */
const question = (ahead = 0): Question => {
  const time = Date.now() + ahead;
  return new Question(key, everythingOf(record), now({ time, deadline: time + 30_000 }));
};

describe('document for callers', () => {
  test('has the caller’s nonce, the HPKE key and the measured configuration', async () => {
    const enclave = await plain();
    const nonce = randomBytes(32);
    const reply = await enclave.program.handle(
      call('POST', '/v1/attestation', encodeAttestationRequest(nonce)),
    );
    const verified = verifyAttestation(said(reply) as Buffer, {
      root: toPem(deployment.root.certificate),
      at: Date.now(),
      nonce,
    });
    expect(verified.pcrs.get(16)).toEqual(pcr16(deployment.configuration));
    const publicKey = verified.publicKey ?? Buffer.alloc(0);
    expect(parseUserData(verified.userData ?? Buffer.alloc(0))).toEqual({
      purpose: 'enclave-vault/hpke',
      keyId: keyId(publicKey),
    });
    // The same key every time: it is the enclave's.
    const again = said(
      await enclave.program.handle(call('POST', '/v1/attestation', encodeAttestationRequest(nonce))),
    );
    expect((again as Buffer).includes(publicKey)).toBe(true);
  });

  test('without a module there is none', async () => {
    const module = testModule(deployment.root, PCRS);
    const enclave = await configured({ module });
    module.state.broken = true;
    const request = encodeAttestationRequest(randomBytes(16));
    expect(said(await enclave.program.handle(call('POST', '/v1/attestation', request)))).toBe('internal');
  });

  test('no short nonce', async () => {
    const enclave = await plain();
    expect(said(await enclave.program.handle(call('POST', '/v1/attestation', Buffer.of(0xa0))))).toBe(
      'malformed',
    );
  });
});

describe('KMS refuses', () => {
  test('an enclave with one other register', async () => {
    // All of them have their test with the policies; two show that the answer comes to this.
    for (const index of [0, 3]) {
      const module = testModule(deployment.root, new Map([...PCRS, [index, randomBytes(48)]]));
      expect(await (await configured({ module })).ask(question())).toBe('kms_denied');
    }
  });

  test('an enclave of another configuration', async () => {
    const changed = encodeConfiguration({
      ...parseConfiguration(deployment.configuration),
      limits: { running: 31 },
    });
    const enclave = await configured({ configuration: changed });
    expect(await enclave.ask(question())).toBe('kms_denied');
    expect(enclave.events).toContainEqual({
      event: 'request_key_refused',
      code: 'kms_denied',
      detail: 'AccessDeniedException',
    });
  });

  test('documents under another root', async () => {
    const other = await startDeployment();
    const module = testModule(other.root, PCRS);
    expect(await (await configured({ module })).ask(question())).toBe('kms_denied');
    await other.close();
  });

  test('the credentials of another role', async () => {
    const enclave = await plain();
    const api = deployment.credentialsOf(deployment.principals.api);
    expect(await enclave.ask(question(), api)).toBe('kms_denied');
  });

  test('credentials that are nobody’s: not a matter of trust, so unavailable', async () => {
    const enclave = await plain();
    const nobody = {
      accessKeyId: 'A'.repeat(20),
      secretAccessKey: 'x',
      sessionToken: null,
      expiration: null,
    };
    expect(await enclave.ask(question(), nobody)).toBe('kms_unavailable');
    const expired = {
      ...deployment.credentialsOf(deployment.principals.instance),
      expiration: Date.now() - 1,
    };
    expect(await enclave.ask(question(), expired)).toBe('kms_unavailable');
  });
});

describe('an old document', () => {
  test('is replaced when KMS refuses it, and the request is answered', async () => {
    const module = testModule(deployment.root, PCRS);
    module.state.age = 6 * 60_000;
    const enclave = await configured({ module });
    module.state.age = 0;
    enclave.clock.push(6_000);
    expect(await enclave.ask(question(6_000))).toEqual(OK);
    expect(module.state.attested).toBe(2);
    expect(await enclave.ask(question(6_000))).toEqual(OK);
    expect(module.state.attested).toBe(2);
  });

  test('many requests that meet it make one new one', async () => {
    const module = testModule(deployment.root, PCRS);
    module.state.age = 6 * 60_000;
    const enclave = await configured({ module });
    module.state.age = 0;
    enclave.clock.push(6_000);
    const answers = await Promise.all(Array.from({ length: 8 }, () => enclave.ask(question(6_000))));
    expect(answers).toEqual(Array(8).fill(OK));
    expect(module.state.attested).toBe(2);
  });

  test('is asked for once only: a refused enclave does not ask without end', async () => {
    const module = testModule(deployment.root, PCRS);
    module.state.age = 6 * 60_000;
    const enclave = await configured({ module });
    enclave.clock.push(6_000);
    expect(await enclave.ask(question(6_000))).toBe('kms_denied');
    expect(module.state.attested).toBe(2);
    // And a second request within seconds finds the new document as bad as it is.
    expect(await enclave.ask(question(6_000))).toBe('kms_denied');
    expect(module.state.attested).toBe(2);
  });
});

describe('request keys', () => {
  async function counted() {
    const calls: KmsDecrypt[] = [];
    const enclave = await configured({
      wrapKms: (kms: Kms) => ({
        decrypt: (one) => {
          calls.push(one);
          return kms.decrypt(one);
        },
      }),
    });
    const asked = (): number => calls.filter(({ keyArn }) => keyArn === deployment.keys.request).length;
    return { enclave, asked, calls };
  }

  test('are unwrapped once for 20 minutes', async () => {
    const { enclave, asked } = await counted();
    for (let i = 0; i < 3; i++) expect(await enclave.ask(question())).toEqual(OK);
    expect(asked()).toBe(1);
  });

  test('are unwrapped once for all requests that arrive together', async () => {
    const { enclave, asked } = await counted();
    await Promise.all(Array.from({ length: 8 }, () => enclave.ask(question())));
    expect(asked()).toBe(1);
  });

  test('the record’s key is asked for under its context, every time', async () => {
    const { enclave, calls } = await counted();
    await enclave.ask(question());
    await enclave.ask(new Question(key, everythingOf(record, { fresh: true })));
    const contexts = calls.filter(({ keyArn }) => keyArn === deployment.keys.vault).map((one) => one.context);
    expect(contexts).toEqual(Array(2).fill({ vault_id: record.vaultId, tenant_id: 'default' }));
  });
});
