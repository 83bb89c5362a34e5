// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';

export const THREAT_MODEL_USAGE = `enclave-vault threat-model check [--results FILE…] [--without-results] [--all] [--json]
  Holds docs/threat-model against its rules, against the tests that its mitigations name, and against what the last run said of them.
  --results FILE     Vitest's JSON report, the log of a heavy suite (NAME.log), or a folder of these; several times.
                     Without: .cache/vitest.json and .cache/suites, where npm test and the heavy suites leave them
  --without-results  asks only whether the named checks exist
  --all              heavy suites that were not run are problems too
  Exit code 0: all is well. 1: problems, one a line: code, place, what.
enclave-vault threat-model fmt
  Writes the workspace as it is kept: after it was edited in Threat Composer, and after drawings.json was.`;

export type ThreatModelOptions =
  | { readonly action: 'fmt' }
  | {
      readonly action: 'check';
      /** Undefined: where a run leaves them. */
      readonly results: readonly string[] | undefined;
      readonly all: boolean;
      readonly json: boolean;
    };

/** @param base folder that paths are relative to. @throws UsageError */
export function parseThreatModelOptions(args: readonly string[], base: string): ThreatModelOptions {
  const { values, positionals } = read(args);
  const [action, ...rest] = positionals;
  if (rest.length > 0 || (action !== 'check' && action !== 'fmt'))
    throw new UsageError('threat-model takes one word: check or fmt');
  if (action === 'fmt') {
    if (Object.keys(values).length > 0) throw new UsageError('fmt has no options');
    return { action };
  }
  const without = values['without-results'] === true;
  if (without && (values.results !== undefined || values.all === true))
    throw new UsageError('--without-results goes with neither --results nor --all');
  return {
    action,
    results: without ? [] : values.results?.map((path) => resolve(base, path)),
    all: values.all === true,
    json: values.json === true,
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        results: { type: 'string', multiple: true },
        'without-results': { type: 'boolean' },
        all: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'unknown option');
  }
}
