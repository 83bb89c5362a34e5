// SPDX-License-Identifier: Apache-2.0
import { startParent } from './assemble.ts';
import { readParentConfig } from './config.ts';
import { runProcess } from './process.ts';

await runProcess({
  name: 'enclave-vault-parent',
  read: readParentConfig,
  start: startParent,
});
