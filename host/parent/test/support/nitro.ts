// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { NitroCli, type NitroCliOptions } from '../../src/hypervisor/nitro-cli.ts';

const STAND_IN = join(import.meta.dirname, '../../../../tests/support/nitro-cli');
const { PATH } = process.env;

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An instance with a stand-in nitro-cli; enclaves are processes that its settings name. `end` ends them all. */
export class NitroInstance {
  readonly folder = mkdtempSync(join(tmpdir(), 'evn-'));
  readonly image = join(this.folder, 'vault.eif');
  readonly logged: LogLine[] = [];
  readonly log = (level: string, event: string, fields: Readonly<Record<string, unknown>> = {}) =>
    void this.logged.push({ level, event, fields });
  #settings: Record<string, unknown> = {};

  constructor(settings: Record<string, unknown> = { launch: ['sleep', '60'], bootMs: 1 }) {
    writeFileSync(this.image, 'an image');
    this.set(settings);
    // As the unit's environment has it; the node that runs the stand-in is the one that runs this.
    process.env.NITRO_CLI_STAND_IN = this.folder;
    process.env.PATH = `${dirname(process.execPath)}:${PATH}`;
  }

  set(settings: Record<string, unknown>): void {
    this.#settings = { ...this.#settings, ...settings };
    writeFileSync(join(this.folder, 'stand-in.json'), JSON.stringify(this.#settings));
  }

  cli(more: Partial<NitroCliOptions> = {}): NitroCli {
    return new NitroCli({ command: join(STAND_IN, 'nitro-cli'), log: this.log, ...more });
  }

  /** Every call of the tool: command and arguments. */
  get calls(): string[][] {
    try {
      const lines = readFileSync(join(this.folder, 'calls.log'), 'utf8').trim().split('\n');
      return lines.map((line) => JSON.parse(line) as string[]);
    } catch {
      return [];
    }
  }

  /** Process ids of the enclaves that were launched and not terminated. */
  get pids(): number[] {
    const enclaves = join(this.folder, 'enclaves');
    return !existsSync(enclaves)
      ? []
      : readdirSync(enclaves).map((name) => {
          const { ProcessID } = JSON.parse(readFileSync(join(enclaves, name), 'utf8')) as {
            ProcessID: number;
          };
          return ProcessID;
        });
  }

  end(): void {
    for (const pid of this.pids) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
    delete process.env.NITRO_CLI_STAND_IN;
    process.env.PATH = PATH;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
