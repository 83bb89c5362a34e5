// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { kmsAsk } from './kms.ts';
import { type Place, probesOf } from './probes.ts';
import { reportLine } from './report.ts';
import { runProbes } from './run.ts';
import { CANARY } from './settings.ts';

/** A probe's limit. All are made at once, so a run is over well before the function's own time-out of 20 s. */
export const PROBE_LIMIT_MS = 10_000;

export interface CanaryParts {
  readonly place: Place;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes the report, a line without its end. */
  readonly write: (line: string) => void;
}

/**
 * The function of a canary. Whatever event it is called with, it does the same, so that whoever may invoke it gains
 * nothing. It answers nothing: what it found is in its report.
 * @throws {SettingsError} from here on the function does not run, and its silence sets off an alarm
 */
export function createCanary({ place, env, write }: CanaryParts): () => Promise<void> {
  const config = readRole(CANARY, { env });
  const probes = probesOf(place, config.keys);
  const ask = kmsAsk(config);
  return async () => {
    const readings = await runProbes(probes, ask, PROBE_LIMIT_MS);
    write(reportLine(config, place, readings, Date.now()));
  };
}
