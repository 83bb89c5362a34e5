// SPDX-License-Identifier: Apache-2.0
/** A clock that is set: record-keys.test.ts has a deployment, and its clock runs on meanwhile. */
import { generateKeyPairSync } from 'node:crypto';
import { createNitroRoot } from '@enclave-vault/emulator-pki';
import { P384 } from '@enclave-vault/hpke';
import { expect, test } from 'vitest';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { KmsRecipient } from '../../src/core/recipient.ts';
import { RecordKeys } from '../../src/core/record-keys.ts';
import { Unwrapper } from '../../src/core/unwrap.ts';
import { PCRS } from '../support/deployment.ts';
import { testModule } from '../support/nsm.ts';

const PRIVATE = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({
  type: 'pkcs8',
  format: 'der',
});
const CREDENTIALS = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: null, expiration: null };
const WRAPPED = { ciphertext: Buffer.from('blob'), keyArn: 'key', context: { vault_id: 'v' }, suite: P384 };

test.each([5_000, -5_000])(
  'set by %i ms is believed, and by one more KMS is asked what it thinks of that',
  async (step) => {
    let set = 0;
    let passed = 0;
    const start = Date.now();
    const clock = { now: () => start + passed + set, elapsed: () => passed, after: () => () => undefined };
    const recipient = new KmsRecipient(new NsmClient(testModule(createNitroRoot(start), PCRS).handle), clock);
    await recipient.renew();
    let asked = 0;
    const decrypt = async (): Promise<Buffer> => {
      asked += 1;
      return Buffer.from(PRIVATE);
    };
    const unwrapper = new Unwrapper({ decrypt }, recipient, clock);
    const keys = new RecordKeys({ limits: { entries: 10, ageMs: 60_000, uses: 100 }, unwrapper, clock });
    const ask = () =>
      keys.unwrap(WRAPPED, { credentials: CREDENTIALS, deadline: clock.now() + 1_000 }, false);
    await ask();
    passed += 30_000;
    await ask();
    expect(asked).toBe(1);
    set = step;
    await ask();
    expect(asked).toBe(1);
    set += Math.sign(step);
    await ask();
    expect([asked, keys.health()]).toEqual([2, { record_keys: 1, key_hits: 2, key_misses: 2 }]);
  },
);
