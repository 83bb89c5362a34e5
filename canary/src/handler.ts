// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { readRole } from '@enclave-vault/settings';
import { comparePolicies, DEPLOYED, type Look } from './compare.ts';
import { kmsAsk } from './kms.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { probesOf } from './probes.ts';
import { reportLine } from './report.ts';
import { type Reading, runProbes } from './run.ts';
import { CANARY, type CanaryConfig } from './settings.ts';

/** The limit of a probe, and of a look. All are made at once, so a run is over well before the function's own time-out of 20 s. */
export const PROBE_LIMIT_MS = 10_000;

export interface CanaryParts {
  readonly place: 'inside' | 'outside';
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes the report, a line without its end. */
  readonly write: (line: string) => void;
  /** How a canary looks at policies, which all but the one outside do; undefined: its settings name none. */
  readonly look?: (config: CanaryConfig) => Look | undefined;
}

/**
 * The function of a canary. Whatever event it is called with, it does the same, so that whoever may invoke it gains
 * nothing. It answers nothing: what it found is in its report.
 * @throws {SettingsError} from here on the function does not run, and its silence sets off an alarm
 */
export function createCanary({ place, env, write, look }: CanaryParts): () => Promise<void> {
  const config = readRole(CANARY, { env });
  const probes = probesOf(place, config.keys);
  const ask = kmsAsk(config);
  const looking = look?.(config);
  const compared = async (): Promise<readonly Reading[]> => {
    if (look === undefined) return [];
    // A canary that should compare and cannot says so in each run.
    if (looking === undefined) return [NOTHING_TO_COMPARE];
    return await comparePolicies(DEPLOYED, manifestOf(config), looking, PROBE_LIMIT_MS);
  };
  return async () => {
    const [asked, found] = await Promise.all([runProbes(probes, ask, PROBE_LIMIT_MS), compared()]);
    write(reportLine(config, place, [...asked, ...found], Date.now()));
  };
}

const NOTHING_TO_COMPARE: Reading = { probe: 'manifest', outcome: 'CanaryError', reason: 'no_manifest' };

function manifestOf({ manifest }: CanaryConfig): () => Promise<Manifest> {
  return async () => {
    if (manifest === undefined) throw new TypeError('no manifest');
    return parseManifest(await readFile(manifest, 'utf8'));
  };
}
