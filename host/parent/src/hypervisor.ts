// SPDX-License-Identifier: Apache-2.0
import { ParentError } from './errors.ts';
import { UnixHttpClient } from './unix-http.ts';

export interface RunEnclave {
  /** The folder (locally) or the EIF (AWS) of the image. */
  image: string;
  name: string;
  cpuCount: number;
  memoryMib: number;
}

/** What the parent needs to know of one running enclave; names as nitro-cli prints them. */
export interface EnclaveDescription {
  EnclaveName: string;
  EnclaveID: string;
  State: string;
  Flags: string;
  /** Register name (PCR0, …) to lower-case hex, and HashAlgorithm. */
  Measurements: Readonly<Record<string, string>>;
  /** The folder of `listen.sock` and `kms.sock`. */
  Sockets: string;
}

const MAX_ANSWER = 1024 * 1024;
const RUN_TIMEOUT_MS = 30_000;
const CALL_TIMEOUT_MS = 3_000;

/**
 * The hypervisor's control socket: HTTP with JSON in the shape of nitro-cli. Errors: `hypervisor_refused` for
 * a status other than 200 and for answers of another shape; `connection_lost`, `timeout`.
 */
export class Hypervisor {
  readonly #client: UnixHttpClient;

  constructor(controlSocket: string) {
    this.#client = new UnixHttpClient(controlSocket);
  }

  async run(options: RunEnclave): Promise<EnclaveDescription> {
    const body = {
      image: options.image,
      name: options.name,
      cpu_count: options.cpuCount,
      memory_mib: options.memoryMib,
    };
    return describe(await this.#call('POST', '/run-enclave', body, RUN_TIMEOUT_MS));
  }

  async describe(): Promise<EnclaveDescription[]> {
    const list = await this.#call('GET', '/describe-enclaves');
    if (!Array.isArray(list)) throw new ParentError('hypervisor_refused');
    return list.map(describe);
  }

  async terminate(enclaveId: string, timeoutMs = CALL_TIMEOUT_MS): Promise<void> {
    await this.#call('POST', '/terminate-enclave', { enclave_id: enclaveId }, timeoutMs);
  }

  close(): void {
    this.#client.close();
  }

  async #call(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<unknown> {
    const answer = await this.#client.request({
      method,
      path,
      timeoutMs,
      maxBytes: MAX_ANSWER,
      ...(body === undefined
        ? {}
        : { body: Buffer.from(JSON.stringify(body)), headers: { 'content-type': 'application/json' } }),
    });
    if (answer.status !== 200) throw new ParentError('hypervisor_refused', `status ${answer.status}`);
    try {
      return JSON.parse(answer.body.toString('utf8')) as unknown;
    } catch {
      throw new ParentError('hypervisor_refused', 'answer is not JSON');
    }
  }
}

function describe(value: unknown): EnclaveDescription {
  if (typeof value !== 'object' || value === null) throw new ParentError('hypervisor_refused');
  const map = value as Readonly<Record<string, unknown>>;
  const text = (name: string): string => {
    const found = map[name];
    if (typeof found !== 'string') throw new ParentError('hypervisor_refused', `${name} is missing`);
    return found;
  };
  const measurements: Record<string, string> = {};
  if (typeof map.Measurements === 'object' && map.Measurements !== null) {
    for (const [name, register] of Object.entries(map.Measurements)) {
      if (typeof register === 'string') measurements[name] = register;
    }
  }
  return {
    EnclaveName: text('EnclaveName'),
    EnclaveID: text('EnclaveID'),
    State: text('State'),
    Flags: text('Flags'),
    Measurements: measurements,
    Sockets: text('Sockets'),
  };
}
