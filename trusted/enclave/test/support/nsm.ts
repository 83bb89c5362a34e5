// SPDX-License-Identifier: Apache-2.0
import { Registers, SecureModule } from '@enclave-vault/emulator-nitro';
import { buildAttestationDocument, buildNitroChain, type CertifiedKey } from '@enclave-vault/emulator-pki';

/** The emulator's module, below a root, with a log of what it attested and a switch to break it. */
export function testModule(root: CertifiedKey, pcrs: ReadonlyMap<number, Buffer>) {
  const chain = buildNitroChain({ root, at: Date.now() });
  const registers = new Registers(pcrs);
  const state = { attested: 0, age: 0, broken: false };
  const module = new SecureModule({
    moduleId: chain.moduleId,
    registers,
    attest: async (locked, { userData, nonce, publicKey }) => {
      if (state.broken) throw new Error('broken');
      state.attested += 1;
      const timestamp = Date.now() - state.age;
      return buildAttestationDocument({ chain, timestamp, pcrs: locked, userData, nonce, publicKey });
    },
  });
  return { handle: (request: Uint8Array) => module.handle(request), registers, state };
}

export type TestModule = ReturnType<typeof testModule>;
