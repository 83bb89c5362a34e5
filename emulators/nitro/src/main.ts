// SPDX-License-Identifier: Apache-2.0
import { parseConfig } from './config.ts';
import { serveControl } from './control.ts';
import { Hypervisor } from './hypervisor.ts';
import { runProcess } from './process.ts';

// What this process makes, sockets and folders of enclaves included, is for its owner alone.
process.umask(0o077);

await runProcess({
  name: 'enclave-vault-hypervisor',
  start: async (value, log) => {
    const { controlSocket, ...options } = parseConfig(value);
    const hypervisor = await Hypervisor.open({ ...options, log });
    hypervisor.warm();
    const control = await serveControl(hypervisor, controlSocket, log);
    log('warn', 'development_root', { message: 'attestation documents are signed under a development root' });
    return {
      ready: { rootCertificate: hypervisor.rootCertificate, namespaces: hypervisor.namespaces },
      stop: async () => {
        // Enclaves first: a launch under way ends, and its answer goes out before the socket closes.
        await hypervisor.close();
        await control.close();
      },
    };
  },
});
