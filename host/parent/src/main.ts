// SPDX-License-Identifier: Apache-2.0
import { parseParentConfig } from './config.ts';
import { Fleet } from './fleet.ts';
import { EmulatedHypervisor } from './hypervisor/emulated.ts';
import { LocalPlaces } from './place/local.ts';
import { runProcess } from './process.ts';
import { ParentServer } from './server.ts';

await runProcess({
  name: 'enclave-vault-parent',
  start: async (value, log) => {
    const config = parseParentConfig(value);
    const { enclaves, image, cpuCount, memoryMib, configuration, kms, credentials } = config;
    const hypervisor = new EmulatedHypervisor(config.hypervisor);
    const places = new LocalPlaces({ target: kms, log });
    const fleet = new Fleet({ enclaves, image, cpuCount, memoryMib, configuration, hypervisor, places, log });
    const server = new ParentServer({ fleet, credentials: async () => credentials, log });
    fleet.start();
    await server.listen(config.listen);
    return {
      // Ready to be asked; /health says when the first enclave is.
      ready: { socket: config.listen },
      stop: async () => {
        await server.drain();
        await fleet.close();
      },
    };
  },
});
