// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StandInSettings {
  readonly launch: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cid?: number;
  readonly cpus?: number;
  readonly memory?: number;
  readonly bootMs?: number;
  readonly runMs?: number;
  readonly instanceId?: string;
  readonly measurements?: Readonly<Record<string, string>>;
  readonly fail?: Readonly<Record<string, string>>;
  readonly debug?: boolean;
}

/** What is kept of an enclave: the members that describe-enclaves prints. */
export interface StandInEnclave {
  readonly EnclaveName: string;
  readonly EnclaveID: string;
  readonly ProcessID: number;
  readonly EnclaveCID: number;
  readonly NumberOfCPUs: number;
  readonly CPUIDs: readonly number[];
  readonly MemoryMiB: number;
  readonly State: string;
  readonly Flags: string;
  readonly Measurements: Readonly<Record<string, string>>;
}

const FIRST_CID = 16;

/** The stand-in's folder: settings, enclaves, calls. */
export class State {
  readonly folder: string;
  readonly settings: StandInSettings;

  constructor(folder: string) {
    this.folder = folder;
    this.settings = JSON.parse(readFileSync(join(folder, 'stand-in.json'), 'utf8')) as StandInSettings;
    mkdirSync(join(folder, 'enclaves'), { recursive: true });
  }

  /** Those whose process lives. What is left of others is forgotten. */
  enclaves(): StandInEnclave[] {
    const found: StandInEnclave[] = [];
    for (const name of readdirSync(join(this.folder, 'enclaves')).sort()) {
      const path = join(this.folder, 'enclaves', name);
      const enclave = JSON.parse(readFileSync(path, 'utf8')) as StandInEnclave;
      if (alive(enclave.ProcessID)) found.push(enclave);
      else rmSync(path);
    }
    return found;
  }

  keep(enclave: StandInEnclave): void {
    writeFileSync(this.#path(enclave.EnclaveID), JSON.stringify(enclave));
  }

  forget(id: string): void {
    rmSync(this.#path(id), { force: true });
  }

  freeCid(): number {
    if (this.settings.cid !== undefined) return this.settings.cid;
    const path = join(this.folder, 'next-cid');
    const next = Number(readOr(path, String(FIRST_CID)));
    writeFileSync(path, String(next + 1));
    return next;
  }

  /** As nitro-cli: a name that is taken gets a number. */
  freeName(name: string): string {
    const taken = new Set(this.enclaves().map(({ EnclaveName }) => EnclaveName));
    let free = name;
    for (let index = 1; taken.has(free); index += 1) free = `${name}_${index}`;
    return free;
  }

  /** False when another run-enclave is under way; one that was killed does not count. */
  lock(): boolean {
    const path = join(this.folder, 'lock');
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return true;
    } catch {
      if (alive(Number(readOr(path, '0')))) return false;
      writeFileSync(path, String(process.pid));
      return true;
    }
  }

  unlock(): void {
    rmSync(join(this.folder, 'lock'), { force: true });
  }

  #path(id: string): string {
    return join(this.folder, 'enclaves', `${id}.json`);
  }
}

/** Whether a process runs; one that ended and was not waited for does not. */
export function alive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
