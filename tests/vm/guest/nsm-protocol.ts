// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type CertifiedKey, toPem } from '@enclave-vault/emulator-pki';

/** A root that attestation documents chain to, for another process: both PEM. */
export interface WrittenRoot {
  readonly key: string;
  readonly certificate: string;
}

export interface NsmStart {
  /** Of the device, below /dev. */
  readonly name: string;
  readonly root: WrittenRoot;
  /** What the hypervisor measured: hex by register. */
  readonly pcrs: readonly (readonly [index: number, value: string])[];
}

export interface NsmCommand {
  /** The first message. */
  readonly start?: NsmStart;
  /** What to answer whatever is asked, base64; null: as a module does. */
  readonly answer?: string | null;
  /** Whether signing fails. */
  readonly broken?: boolean;
}

export interface NsmReport {
  /** Lengths of the requests since the last report. */
  readonly asked: readonly number[];
  readonly attested: number;
  /** Hex of the configuration's register once it is locked. */
  readonly pcr16: string | null;
}

function writeRoot({ privateKey, certificate }: CertifiedKey): WrittenRoot {
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: toPem(certificate),
  };
}

/** The service behind a device, seen from who started it. */
export class NsmService {
  readonly name: string;
  readonly #process: ChildProcess;

  private constructor(name: string, process: ChildProcess) {
    this.name = name;
    this.#process = process;
  }

  static async start(
    name: string,
    root: CertifiedKey,
    pcrs: ReadonlyMap<number, Buffer>,
  ): Promise<NsmService> {
    const service = new NsmService(name, fork('/guest/nsm-service.mjs', { execArgv: [] }));
    const hex = [...pcrs].map(([index, value]) => [index, value.toString('hex')] as const);
    await service.tell({ start: { name, root: writeRoot(root), pcrs: hex } });
    return service;
  }

  get path(): string {
    return `/dev/${this.name}`;
  }

  /** @returns what it was asked since it was last told something */
  async tell(command: NsmCommand = {}): Promise<NsmReport> {
    this.#process.send(command);
    const [report] = await once(this.#process, 'message', { signal: AbortSignal.timeout(30_000) });
    return report as NsmReport;
  }

  async stop(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}
