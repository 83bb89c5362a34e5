// SPDX-License-Identifier: Apache-2.0
// A hypervisor with one enclave, for tests to kill. argv: JSON {runDirectory, toolPath?}. Prints what it started.
import { Hypervisor } from '../src/hypervisor.ts';
import { INSTANCE, ROLE, RUN } from './sandbox/probe.ts';

const { runDirectory, toolPath } = JSON.parse(process.argv[2] ?? '') as {
  runDirectory: string;
  toolPath?: string[];
};
const hypervisor = await Hypervisor.open({
  stateFile: null,
  runDirectory,
  roleArn: ROLE,
  instanceId: INSTANCE,
  node: process.execPath,
  ...(toolPath === undefined ? {} : { toolPath }),
});
process.stdout.write(`${JSON.stringify(await hypervisor.runEnclave(RUN))}\n`);
setInterval(() => undefined, 60_000);
