// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { AdminError } from '../errors.ts';
import { Counts, type CountsJson } from './counts.ts';
import type { Position } from './source.ts';

/** How far an import has come, as the file has it. */
export interface ImportState {
  readonly importId: string;
  /** What must be the same for the import to go on: source, tenant, key, choices. */
  readonly fingerprint: string;
  /** Where each part goes on; null: done. Absent: not begun. */
  readonly parts: Map<string, Position | null>;
  readonly counts: Counts;
  /** Length of the report that belongs to this, in bytes; undefined: no run had one. */
  reportBytes: number | undefined;
}

interface StateJson {
  readonly v: 1;
  readonly importId: string;
  readonly fingerprint: string;
  readonly parts: Record<string, Position | null>;
  readonly counts: CountsJson;
  readonly reportBytes?: number | undefined;
}

/**
 * The state to go on from, or a new one.
 * @param path undefined: nothing is kept
 * @throws {AdminError} `import_state_other`: the file is that of another import, or none
 */
export function openState(path: string | undefined, fingerprint: string, newId: () => string): ImportState {
  if (path === undefined || !existsSync(path))
    return { importId: newId(), fingerprint, parts: new Map(), counts: new Counts(), reportBytes: undefined };
  const read = parse(path);
  if (read.fingerprint !== fingerprint)
    throw new AdminError(
      'import_state_other',
      `${path} is the state of another import (source, tenant, key or fields to drop differ): name another file`,
    );
  const { importId, parts, counts, reportBytes } = read;
  return {
    ...{ importId, fingerprint, reportBytes },
    parts: new Map(Object.entries(parts)),
    counts: new Counts(counts),
  };
}

/** Durable when it returns; a crash leaves the old state or the new one. */
export function saveState(path: string, state: ImportState): void {
  const { importId, fingerprint, parts, counts, reportBytes } = state;
  const json: StateJson = {
    ...{ v: 1, importId, fingerprint, reportBytes },
    parts: Object.fromEntries(parts),
    counts: counts.json(),
  };
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeFileSync(file, `${JSON.stringify(json)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

function parse(path: string): StateJson {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as StateJson;
    if (value.v === 1 && typeof value.importId === 'string' && typeof value.parts === 'object') return value;
  } catch {
    // Said below.
  }
  throw new AdminError('import_state_other', `${path} is not the state of an import`);
}
