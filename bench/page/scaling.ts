// SPDX-License-Identifier: Apache-2.0

import type { Run } from '../support/run.ts';
import { nameOf, type ScalingResult, scalingCold, scalingTable, textOf } from '../system/scaling.ts';
import { coresSaid, coresTable, gains, noiseOfRounds } from '../system/scaling-cores.ts';
import { SCALING_OPTIONS } from '../system/scaling-options.ts';
import { underLoad } from './caution.ts';
import { circumstances } from './circumstances.ts';
import { commandOf } from './command.ts';
import { hotCalls } from './hot-calls.ts';
import { countedCalls, usedUp } from './scaling-limits.ts';

/** More processes of the API, more enclaves, and more cores. */
export function section(run: Run): string {
  const result = run as ScalingResult;
  const { machine, settings, rows } = result;
  const cold = scalingCold(result);
  const noise = noiseOfRounds(rows);
  return `
## More processes, more enclaves
${underLoad(machine)}
\`--apis N\` lets N processes answer at one port, \`--enclaves N\` shares decryptions out among N enclaves ([ADR 37](adr/0037-processes-at-one-port.md)). ${settings.clients} clients; the layouts took turns.${
    noise === undefined
      ? ''
      : ` Rounds of one row differ by up to ${(noise * 100).toFixed(0)} %: smaller differences say nothing.`
  }

${scalingTable(result)}
${hotCalls(rows, settings.hot ?? 0, nameOf)}${cold === '' ? '' : `\n${cold}`}${countedCalls(rows)}
${usedUp(rows, machine.cores)}
In a deployment KMS, hypervisor and clients are elsewhere, and enclaves have cores of their own.
${byCores(result)}
\`${command(result)}\`, ${circumstances(run)}${oldCold(result)}
`;
}

/** Where a run has it. */
function byCores({ rows, machine }: ScalingResult): string {
  const found = gains(rows);
  return found.length === 0
    ? ''
    : `
### By the number of cores
The whole vault with its clients, KMS and hypervisor confined to one core (\`taskset\`), and the same on all ${machine.cores}. In brackets the lowest and the highest of the rounds, each against the same round on one core; KMS calls in the order of the columns. A core is what the system calls one: in a virtual machine it may be one of two threads of a core, which then bring less than two.

${coresTable(found, machine.cores)}

${coresSaid(found, machine.cores)}
`;
}

function command({ settings, rows }: ScalingResult): string {
  const unique = (all: readonly string[]): string => [...new Set(all)].join(',');
  return commandOf('scaling', SCALING_OPTIONS, {
    rounds: settings.rounds,
    seconds: settings.seconds,
    'warm-up': settings.warmUpSeconds,
    clients: settings.clients,
    layouts: unique(rows.map(textOf)),
    operations: unique(rows.map(({ operation }) => operation)),
    hot: settings.hot,
    cold: settings.coldEach,
  });
}

function oldCold({ settings: { cold } }: ScalingResult): string {
  return cold === undefined
    ? ''
    : ` Its cold set had ${cold.toLocaleString('en-US')} records for all enclaves together; the script now makes so many for each.`;
}
