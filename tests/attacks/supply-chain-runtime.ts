// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Child } from '../../tools/admin/src/dev/child.ts';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';
import { processSpec } from '../../tools/admin/src/dev/processes.ts';
import { type GlassVault, ROOT } from '../support/glass-vault.ts';
import { changedImage } from '../support/images.ts';
import type { Rogue } from '../support/rogue-enclave.ts';

/**
 * Actor: supply chain
 *
 * He has what the enclave is made of, before it is measured: the Node binary, a library in the bundle. Another byte of either measures as
 * something else than the key policy admits. What was there when the measurements were pinned is trusted: it is for review, and pinned by
 * digest (docs/dependencies.md).
 */
export interface Scene {
  readonly glass: GlassVault;
  /** Has the API ask it: refused for these registers, and nothing is decrypted. */
  readonly expectNotTrusted: (rogue: Rogue, registers: readonly string[]) => Promise<void>;
}

/** A part of parent-owner-enclave.test.ts, on its vault. */
export function describeAlteredRuntime(scene: () => Scene): void {
  describe('what the enclave is made of, altered before it came here', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ev-supply-'));
    let hypervisor: Child;
    beforeAll(async () => {
      const { glass } = scene();
      const node = join(folder, 'node');
      copyFileSync(process.execPath, node);
      // It runs as before: a loader does not look at what follows the program.
      appendFileSync(node, '\0');
      copyFileSync(glass.files.hypervisor, join(folder, 'h.json'));
      const config = {
        ...{ stateFile: join(folder, 'h.json'), runDirectory: join(folder, 'e'), node },
        ...{ controlSocket: join(folder, 'h.sock'), roleArn: LOCAL.roles.instance },
        instanceId: 'i-0e0c1a5e000000001',
      };
      hypervisor = new Child(
        processSpec(
          ROOT,
          'hypervisor',
          () => config,
          () => false,
        ),
      );
      await hypervisor.ready;
    });
    afterAll(() => hypervisor?.stop());

    it('a Node binary with a byte more is not trusted', async () => {
      const { glass, expectNotTrusted } = scene();
      const rogue = await glass.launch({ hypervisor: join(folder, 'h.sock') });
      await rogue.configure(glass.vault.configuration());
      await expectNotTrusted(rogue, ['PCR0', 'PCR1']);
    });

    it('a library in the bundle with a word changed is not trusted', async () => {
      const { glass, expectNotTrusted } = scene();
      const rogue = await glass.launch({ image: changedImage(glass.folder, { bundle: libraryChanged }) });
      await rogue.configure(glass.vault.configuration());
      await expectNotTrusted(rogue, ['PCR0', 'PCR2']);
    });
  });
}

/** A message of the expression library's own, which nothing depends on. */
function libraryChanged(bundle: string): string {
  const changed = bundle.replace('modulus by zero', 'modulus by zer0');
  if (changed === bundle) throw new Error('the library is not in the bundle');
  return changed;
}
