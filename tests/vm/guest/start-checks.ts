// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { TestDeployment } from '../../../trusted/enclave/test/support/deployment.ts';
import { PCRS } from '../../../trusted/enclave/test/support/deployment.ts';
import { check } from './checks.ts';
import { Enclave, type LaunchOptions } from './enclave.ts';
import { NsmService } from './nsm-protocol.ts';

const VSOCK = ['vsock', 'vmw_vsock_virtio_transport_common', 'vsock_loopback'];

/** What the program says when the machine lacks something. Afterwards the machine has vsock. */
export async function startChecks({ root }: TestDeployment): Promise<void> {
  const service = await NsmService.start('nsm-start', root, PCRS);
  const ends = (name: string, options: LaunchOptions, event: string, detail: string): Promise<void> =>
    check(`start: ${name}: ${event}, ${detail}, exit 1`, async () => {
      deepEqual(await Enclave.launch(options).ended(), { code: 1, event, detail });
    });

  await ends('a kernel without vsock', { nsm: service.name }, 'no_vsock', 'not_supported');
  for (const module of VSOCK) execFileSync('/bin/busybox', ['insmod', `/modules/${module}.ko`]);
  await ends('no /dev/nsm', { nsm: null }, 'no_nsm', 'no_such_device');
  await ends('a /dev/nsm that is something else', { nsm: 'null' }, 'no_nsm', 'nsm_not_this_device');
  await ends(
    'no /dev/random to seed',
    { nsm: service.name, without: ['random'] },
    'no_entropy',
    'no_such_device',
  );
  await check('start: a module that answers garbage: no_nsm, nsm_response, exit 1', async () => {
    await service.tell({ answer: Buffer.from([0xf6]).toString('base64') });
    deepEqual(await Enclave.launch({ nsm: service.name }).ended(), {
      code: 1,
      event: 'no_nsm',
      detail: 'nsm_response',
    });
    await service.tell({ answer: null });
  });
  await check('start: a port that is taken: no_vsock, address_in_use, exit 1', async () => {
    const first = Enclave.launch({ nsm: service.name });
    await first.listening();
    deepEqual(await Enclave.launch({ nsm: service.name }).ended(), {
      code: 1,
      event: 'no_vsock',
      detail: 'address_in_use',
    });
    await first.kill();
  });
  await service.stop();
}
