// SPDX-License-Identifier: Apache-2.0
import { type Ask, type Probe, probesOf, type Reading, runProbes } from '@enclave-vault/canary/core';
import { kmsAsk } from '@enclave-vault/canary/kms';
import type { EnclaveConfiguration } from '@enclave-vault/protocol';
import type { CredentialSource } from './credentials/source.ts';
import type { Log } from './log.ts';
import type { RelayTarget } from './relay/carry.ts';

/** For a probe, in milliseconds. */
const PROBE_MS = 10_000;
/** Among the words of the user agent, so that CloudTrail's records tell these refusals from an enclave's. */
export const PROBE_AGENT = 'enclave-vault-canary';

export interface ParentCanaryOptions {
  /** What the enclaves were told: the keys, and whom to trust for KMS. */
  readonly enclave: Pick<
    EnclaveConfiguration,
    'vaultKeyArns' | 'requestKeyArns' | 'legacyKeyArns' | 'tlsRoots'
  >;
  /** Where the relay reaches KMS. */
  readonly kms: RelayTarget;
  readonly credentials: CredentialSource;
  readonly log: Log;
  readonly seconds: number;
  readonly legacyKeys: boolean;
}

/**
 * Asks KMS again and again, as the instance's role and without an attestation document, to decrypt under every key that
 * its enclaves use. This role is the one that the key policies let decrypt, so that the Denies of attestation refuse it and
 * nothing else does: they are seen alone here, as no other canary can. By dry runs without a ciphertext, which no
 * plaintext ever answers. Each reading is a line `canary` of the log.
 * @returns what ends it
 */
export function startCanary(options: ParentCanaryOptions): () => void {
  const { log, seconds } = options;
  const probes = parentProbes(options.enclave, options.legacyKeys);
  const ask = askAs(options);
  let running = false;
  const run = async (): Promise<void> => {
    // A run is over within its limit; with a short interval the next may find it under way.
    if (running) return;
    running = true;
    try {
      for (const reading of await runProbes(probes, ask, PROBE_MS)) say(log, reading);
    } finally {
      running = false;
    }
  };
  void run();
  const timer = setInterval(() => void run(), seconds * 1000);
  timer.unref();
  return () => clearInterval(timer);
}

/** Every key, where an enclave has more than one of a kind. */
export function parentProbes(
  { vaultKeyArns, requestKeyArns, legacyKeyArns }: ParentCanaryOptions['enclave'],
  legacyKeys: boolean,
): readonly Probe[] {
  const [vault = '', ...vaults] = vaultKeyArns;
  const [request = '', ...requests] = requestKeyArns;
  const probes = probesOf('parent', { vault, request, legacy: legacyKeys ? legacyKeyArns : [] });
  const more = (keyId: string, others: readonly string[], kind: string): readonly Probe[] => {
    const like = probes.find((probe) => probe.keyId === keyId);
    return like === undefined
      ? []
      : others.map((other, index) => ({ ...like, name: `${kind}-${index + 2}.decrypt`, keyId: other }));
  };
  return [...probes, ...more(vault, vaults, 'vault'), ...more(request, requests, 'request')];
}

/** The same way and the same trust as the enclaves', with the same credentials: what is refused is what they would do. */
function askAs({ enclave, kms, credentials }: ParentCanaryOptions): Ask {
  const host = kms.host.includes(':') ? `[${kms.host}]` : kms.host;
  return kmsAsk(
    {
      keys: { vault: enclave.vaultKeyArns[0] ?? '' },
      kms: { endpoint: `https://${host}:${kms.port}`, ca: enclave.tlsRoots.join('\n'), fips: false },
      userAgent: PROBE_AGENT,
    },
    async () => {
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials.current();
      return {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === null ? {} : { sessionToken }),
        // Without an end the client would keep the first ones for ever.
        ...(expiration === null ? {} : { expiration: new Date(expiration) }),
      };
    },
  );
}

function say(log: Log, { probe, outcome, reason }: Reading): void {
  const level = outcome === 'ExpectedDenied' ? 'info' : outcome === 'CanaryError' ? 'warn' : 'error';
  log(level, 'canary', { probe, outcome, reason });
}
