// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import type { EnclaveImage } from './image.ts';
import { addFlagsAndLibraries, addNode, type Runtime } from './runtime.ts';
import { type ImageDigests, RuntimeHash } from './sections.ts';

/**
 * Measures images without running them. The node binary is by far the largest part and the first, so the hash over it
 * is kept while the file looks the same. A launch never uses what is kept here: it measures what it loads.
 */
export class Measurer {
  readonly #runtime: Runtime;
  #kept: { signature: string; hash: Promise<RuntimeHash> } | null = null;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Begins to measure the node binary, so that the first question about an image finds it done. */
  warm(): void {
    this.#nodeHash().catch(() => undefined);
  }

  async digests(image: EnclaveImage): Promise<ImageDigests> {
    const hash = (await this.#nodeHash()).copy();
    await addFlagsAndLibraries(hash, this.#runtime, image.nodeFlags, async () => null);
    return hash.withBundle(image.bundle);
  }

  async #nodeHash(): Promise<RuntimeHash> {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(this.#runtime.node, { bigint: true });
    const signature = [dev, ino, size, mtimeNs, ctimeNs].join();
    if (this.#kept?.signature !== signature) this.#kept = { signature, hash: this.#hash() };
    try {
      return await this.#kept.hash;
    } catch (error) {
      this.#kept = null;
      throw error;
    }
  }

  async #hash(): Promise<RuntimeHash> {
    const hash = new RuntimeHash();
    await addNode(hash, this.#runtime, null);
    return hash;
  }
}
