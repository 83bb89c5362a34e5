// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { CertifiedKey } from '@enclave-vault/emulator-pki';
import { PCRS } from '../../../trusted/enclave/test/support/deployment.ts';
import { Enclave } from './enclave.ts';
import { NsmService } from './nsm-protocol.ts';

/** Where nitro-cli.sh leaves its arguments, a line each, and waits for what to print. */
const FOLDER = '/tmp/nitro';
const POLL_MS = 20;

interface Running {
  readonly id: string;
  readonly name: string;
  readonly enclave: Enclave;
  readonly service: NsmService;
}

/**
 * What stands behind this machine's nitro-cli: enclaves with a module each. The machine has one address of vsock, so there is one enclave at a time; a
 * second launch is refused as the hypervisor refuses one that finds no CPUs.
 */
export class Hypervisor {
  readonly #root: CertifiedKey;
  #polling: NodeJS.Timeout | undefined;
  #running: Running | null = null;
  #launches = 0;

  constructor(root: CertifiedKey) {
    this.#root = root;
  }

  get launches(): number {
    return this.#launches;
  }

  get running(): Running | null {
    return this.#running;
  }

  listen(): void {
    mkdirSync(FOLDER);
    this.#polling = setInterval(() => {
      for (const name of readdirSync(FOLDER))
        if (name.endsWith('.ask')) void this.#answer(`${FOLDER}/${name}`);
    }, POLL_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#polling);
    await this.#terminate();
  }

  async #answer(file: string): Promise<void> {
    const args = readFileSync(file, 'utf8').trimEnd().split('\n');
    rmSync(file);
    const [out, err, code] = await this.#run(args).then(
      (answer) => [`${JSON.stringify(answer, null, 2)}\n`, '', 0] as const,
      (error: Error) => ['', `[ ${error.message} ] refused\n`, 1] as const,
    );
    for (const [suffix, text] of Object.entries({ out, err, code }))
      writeFileSync(file.replace('.ask', `.${suffix}`), String(text));
  }

  async #run([command, ...args]: readonly string[]): Promise<unknown> {
    const option = (name: string): string => args[args.indexOf(name) + 1] ?? '';
    switch (command) {
      case 'run-enclave':
        return this.#launch(option('--enclave-name'));
      case 'describe-enclaves':
        return this.#running === null ? [] : [describe(this.#running)];
      case 'terminate-enclave': {
        const id = option('--enclave-id');
        if (this.#running?.id !== id) throw new Error('E11');
        await this.#terminate();
        return { EnclaveID: id, Terminated: true };
      }
      default:
        throw new Error('E14');
    }
  }

  async #launch(name: string): Promise<unknown> {
    if (this.#running !== null) throw new Error('E22');
    this.#launches += 1;
    const service = await NsmService.start(`nsm-${this.#launches}`, this.#root, PCRS);
    const enclave = Enclave.launch({ nsm: service.name });
    const id = `i-0123456789abcdef0-enc${String(this.#launches).padStart(16, '0')}`;
    const running = { id, name, enclave, service };
    this.#running = running;
    void enclave.exited.then(async () => {
      if (this.#running === running) this.#running = null;
      await service.stop();
    });
    await enclave.listening();
    return describe(running);
  }

  async #terminate(): Promise<void> {
    await this.#running?.enclave.kill();
  }
}

/** As `nitro-cli describe-enclaves` prints one. Its CID is this machine's own, to which vsock loops back. */
function describe({ id, name, enclave }: Running): object {
  return {
    EnclaveName: name,
    EnclaveID: id,
    ProcessID: enclave.pid,
    EnclaveCID: 1,
    NumberOfCPUs: 2,
    CPUIDs: [1, 3],
    MemoryMiB: 512,
    State: 'RUNNING',
    Flags: 'NONE',
    Measurements: {
      HashAlgorithm: 'Sha384 { ... }',
      ...Object.fromEntries([0, 1, 2].map((index) => [`PCR${index}`, PCRS.get(index)?.toString('hex')])),
    },
  };
}
