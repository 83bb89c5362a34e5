// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourcesOf, violations } from '../check.ts';

const root = join(import.meta.dirname, '../../..');

describe('import boundaries', () => {
  it('hold in this repository', () => {
    expect(violations(root)).toEqual([]);
    expect(sourcesOf(root).length).toBeGreaterThan(50);
  });

  it('refuse every leak of the fixture', () => {
    const found = violations(join(import.meta.dirname, 'fixtures/leak'));
    expect(found.map((v) => v.replace(/^(\S+):\d+: /, '$1 '))).toEqual([
      'trusted/hpke/src/around.ts ./test/hidden.ts: reaches into a folder that is not looked at',
      ...Array(4).fill('trusted/hpke/src/around.ts (computed): trusted/hpke may not depend on (computed)'),
      'trusted/hpke/src/data.cjs node:fs: trusted/hpke may not use node:fs',
      'trusted/hpke/src/leak.ts node:fs: trusted/hpke may not use node:fs',
      'trusted/hpke/src/leak.ts ../../codec/src/index.ts: reaches into another package by path',
      'trusted/hpke/src/leak.ts http: trusted/hpke may not use http',
      'trusted/hpke/src/leak.ts child_process: trusted/hpke may not use child_process',
      'host/api/src/leak.ts @enclave-vault/records/open: may not decrypt',
      'host/api/src/leak.ts @enclave-vault/emulator-kms: host/api may not import emulator-kms',
      'host/api/src/leak.ts @enclave-vault/hpke: host/api may not import hpke',
      'host/api/src/leak.ts lodash: host/api may not depend on lodash',
      'host/api/src/leak.ts (computed): host/api may not depend on (computed)',
      'infra/src/leak.ts node:child_process: infra may not use node:child_process',
    ]);
  });
});
