// SPDX-License-Identifier: Apache-2.0
import type { ParentHealth } from '../enclave-client.ts';
import type { PartHealth } from '../routes/dependencies.ts';
import type { OpeningVault } from './opening.ts';

export interface HealthSources {
  readonly vault: Pick<OpeningVault, 'isOpen' | 'waitingFor'>;
  /** Audit heads that the sink has not taken: while there are any, nothing is revealed. */
  readonly headsNotInSink: () => number;
  /** Reads something small from the store. */
  readonly store: () => Promise<unknown>;
  readonly parent: () => Promise<ParentHealth>;
  /** Milliseconds for which an answer is given again. Default 250. */
  readonly keepMs?: number;
}

/** Looks at the parts of the vault. Who asks often is given the same answer, and those who ask at once share one look. */
export function healthCheck(sources: HealthSources): () => Promise<Readonly<Record<string, PartHealth>>> {
  const { keepMs = 250 } = sources;
  let last: { at: number; parts: Promise<Readonly<Record<string, PartHealth>>> } | null = null;
  return () => {
    const now = performance.now();
    if (last === null || now - last.at > keepMs) last = { at: now, parts: look(sources) };
    return last.parts;
  };
}

async function look({
  vault,
  headsNotInSink,
  store,
  parent,
}: HealthSources): Promise<Readonly<Record<string, PartHealth>>> {
  const [stored, { healthy, reason }] = await Promise.all([
    store().then(
      () => true,
      () => false,
    ),
    parent(),
  ]);
  return {
    vault: part(vault.isOpen, vault.waitingFor),
    store: part(stored, 'store_unavailable'),
    audit: part(headsNotInSink() === 0, 'sink_behind'),
    enclave: part(healthy, reason ?? 'unknown'),
  };
}

function part(ok: boolean, reason: string): PartHealth {
  return ok ? { ok } : { ok, reason };
}
