// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalVault } from '../../tests/support/local-vault.ts';

const READY = 'Ctrl-C stops it.';

export interface StartUp {
  /** Milliseconds from the spawn of the command to the end of its ready message, on a new data folder. */
  readonly first: number[];
  /** On the same folder again. */
  readonly again: number[];
}

/** Starts the vault so many times on a new folder, and each time once more on what is there then. */
export async function startUp(runs: number): Promise<StartUp> {
  const times: StartUp = { first: [], again: [] };
  for (let run = 0; run < runs; run++) {
    const data = mkdtempSync(join(tmpdir(), 'ev-bench-'));
    times.first.push(await timeStart(data));
    times.again.push(await timeStart(data));
    rmSync(data, { recursive: true, force: true });
  }
  return times;
}

async function timeStart(data: string): Promise<number> {
  const began = performance.now();
  const vault = new LocalVault({ data });
  let text = '';
  const ready = new Promise<number>((resolve) => {
    vault.process.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes(READY)) resolve(performance.now() - began);
    });
  });
  await vault.ready();
  const ms = await ready;
  await vault.stop();
  return ms;
}
