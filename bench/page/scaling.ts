// SPDX-License-Identifier: Apache-2.0

import type { Run } from '../support/run.ts';
import { figure } from '../support/table.ts';
import { nameOf, type ScalingResult, scalingCold, scalingTable } from '../system/scaling.ts';
import { underLoad } from './caution.ts';
import { circumstances } from './circumstances.ts';
import { hotCalls } from './hot-calls.ts';

/** More processes of the API, more enclaves. */
export function section(run: Run): string {
  const { machine, settings, rows } = run as ScalingResult;
  const used = rows.map(({ cpu, clientsCpu, elapsed }) =>
    Object.values(cpu).reduce((sum, { all }) => sum + all / elapsed, clientsCpu / elapsed),
  );
  const cold = scalingCold(run as ScalingResult);
  return `
## More processes, more enclaves
${underLoad(machine)}
\`--apis N\` lets N processes answer at one port, \`--enclaves N\` shares decryptions out among N enclaves ([ADR 37](adr/0037-processes-at-one-port.md)). ${settings.clients} clients; the layouts took turns.

${scalingTable(run as ScalingResult)}
${hotCalls(rows, settings.hot ?? 0, nameOf)}${cold === '' ? '' : `\n${cold}`}

All processes together, clients and emulators among them, used ${figure(Math.min(...used))} to ${figure(Math.max(...used))} of ${machine.cores} cores: where one of each uses them up already, a second process has nowhere to run and
only costs. What grows here grows by what was idle. In a deployment KMS, hypervisor and clients are elsewhere, and enclaves have cores of their own.

\`npx node bench/scaling.ts\`, ${circumstances(run)}
`;
}
