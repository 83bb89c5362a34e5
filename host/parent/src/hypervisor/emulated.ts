// SPDX-License-Identifier: Apache-2.0
import { ParentError } from '../errors.ts';
import { HttpClient } from '../http-client.ts';
import { parseAnswer, readDescription, readDescriptions } from './description.ts';
import type { EnclaveDescription, Hypervisor, RunEnclave } from './hypervisor.ts';

const MAX_ANSWER = 1024 * 1024;
const RUN_TIMEOUT_MS = 30_000;
const CALL_TIMEOUT_MS = 3_000;

/**
 * The hypervisor emulator's control socket: HTTP with JSON in the shape of nitro-cli. Errors: `hypervisor_refused` for
 * a status other than 200 and for answers of another shape; `connection_lost`, `timeout`.
 */
export class EmulatedHypervisor implements Hypervisor {
  readonly #client: HttpClient;

  constructor(controlSocket: string) {
    this.#client = new HttpClient({ unix: controlSocket });
  }

  async run(options: RunEnclave): Promise<EnclaveDescription> {
    const body = {
      image: options.image,
      name: options.name,
      cpu_count: options.cpuCount,
      memory_mib: options.memoryMib,
    };
    return readDescription(await this.#call('POST', '/run-enclave', body, RUN_TIMEOUT_MS));
  }

  async describe(): Promise<EnclaveDescription[]> {
    return readDescriptions(await this.#call('GET', '/describe-enclaves'));
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
    return parseAnswer(answer.body.toString('utf8'));
  }
}
