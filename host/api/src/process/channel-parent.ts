// SPDX-License-Identifier: Apache-2.0
import type { Log } from '@enclave-vault/parent/log';
import { EnclaveClientError } from '@enclave-vault/vault';
import type { ParentClient, ParentHealth } from '../enclave-client.ts';
import type { EnclaveLink } from './assemble.ts';

/** An opened way to the parent: its target, and what ends with it. */
export interface Channel {
  readonly client: ParentClient;
  readonly close: () => void;
}

export interface ChannelParentOptions {
  /** Opens the channel. Ends by itself, well or with an error that has a stable code. */
  readonly open: () => Promise<Channel>;
  readonly log: Log;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/** After a failure the next request within so long is refused without asking KMS again, in milliseconds. */
const PAUSE_MS = 1_000;
const HEALTH_MS = 1_000;

/**
 * The parent over a channel that has to be opened first: KMS must sign our certificate. That begins at once and nothing
 * else waits for it; where it fails, the next request that needs the channel has it tried again.
 */
export class ChannelParent implements EnclaveLink {
  readonly #options: ChannelParentOptions;
  #channel: Promise<Channel> | null = null;
  #failed: { readonly at: number; readonly code: string } | null = null;
  #closed = false;

  constructor(options: ChannelParentOptions) {
    this.#options = options;
    this.#opened().catch(() => undefined);
  }

  async decrypt(envelope: Uint8Array, deadline: number): Promise<Uint8Array> {
    return await (await this.#client(deadline)).decrypt(envelope, deadline);
  }

  async attestation(nonce: Uint8Array, deadline: number): Promise<Uint8Array> {
    return await (await this.#client(deadline)).attestation(nonce, deadline);
  }

  async health(): Promise<ParentHealth> {
    try {
      return await (await this.#client(Date.now() + HEALTH_MS)).health();
    } catch {
      return { healthy: false, reason: `channel_${this.#failed?.code ?? 'opening'}` };
    }
  }

  close(): void {
    this.#closed = true;
    this.#channel?.then(
      ({ close }) => close(),
      () => undefined,
    );
  }

  async #client(deadline: number): Promise<ParentClient> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const left = Math.max(0, deadline - Date.now());
      timer = setTimeout(() => reject(new EnclaveClientError('timed_out')), left);
    });
    try {
      return (await Promise.race([this.#opened(), late])).client;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The channel, or the opening that is under way. */
  #opened(): Promise<Channel> {
    const { now = () => performance.now(), log, open } = this.#options;
    const pausing = this.#failed !== null && now() - this.#failed.at < PAUSE_MS;
    if (this.#closed || (this.#channel === null && pausing)) {
      return Promise.reject(new EnclaveClientError('unavailable', this.#failed?.code));
    }
    this.#channel ??= open().then(
      (channel) => {
        this.#failed = null;
        if (this.#closed) channel.close();
        return channel;
      },
      (error: unknown) => {
        const code = codeOf(error);
        log('error', 'channel_not_open', { code });
        this.#failed = { at: now(), code };
        this.#channel = null;
        throw new EnclaveClientError('unavailable', code);
      },
    );
    return this.#channel;
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[a-z_]{1,32}$/.test(code) ? code : 'internal';
}
