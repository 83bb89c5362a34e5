// SPDX-License-Identifier: Apache-2.0
import type { LocalVault } from '../../tests/support/local-vault.ts';

const SCOPES = ['vaults:create', 'vaults:read', 'vaults:update', 'vaults:decrypt'];
const MAKERS = 16;

/** Makes so many API keys: each is a caller of its own, whom the vault counts apart. */
export async function makeKeys(vault: LocalVault, count: number): Promise<string[]> {
  const made: string[] = [];
  let begun = 0;
  const maker = async () => {
    while (begun < count) {
      begun += 1;
      const { status, text, json } = await vault.call('POST', '/v1/keys', { scopes: SCOPES });
      if (status !== 201) throw new Error(`no API key could be made: ${text}`);
      made.push(String(json.token));
    }
  };
  await Promise.all(Array.from({ length: MAKERS }, maker));
  return made;
}
