// SPDX-License-Identifier: Apache-2.0
import { runProcess } from '@enclave-vault/parent/process';
import { readApiConfig } from './process/config.ts';
import { serve } from './process/serve.ts';

await runProcess({
  name: 'enclave-vault-api',
  read: readApiConfig,
  start: async (config, log, fail) => {
    const server = await serve(config, log, fail);
    const { url, port, isOpen } = server;
    return {
      ready: { url, port, vault: isOpen ? 'open' : 'opening' },
      stop: () => server.stop(),
    };
  },
});
