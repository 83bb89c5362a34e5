// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Drawing, svgOf } from './page/drawing.ts';
import type { Problem } from './problems.ts';
import { type Drawings, format } from './workspace/format.ts';
import type { Workspace } from './workspace/model.ts';
import { readWorkspace } from './workspace/schema.ts';

/** Where a repository keeps its threat model. */
export const FOLDER = 'docs/threat-model';
export const WORKSPACE = `${FOLDER}/enclave-vault.tc.json`;
const DRAWINGS = `${FOLDER}/drawings.json`;

/** A threat model as it lies in a repository, its form found right. */
export interface Model {
  readonly workspace: Workspace;
  readonly drawings: { readonly architecture: Drawing; readonly dataflow: Drawing };
  /** The file as `threat-model fmt` writes it. */
  readonly formatted: string;
  /** Whether it is so already. */
  readonly tidy: boolean;
}

/** Reads the threat model below `root`; or what makes it unreadable. */
export function readModel(root: string): Model | readonly Problem[] {
  const [text, drawn] = [WORKSPACE, DRAWINGS].map((path) => {
    const file = join(root, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  });
  if (text === undefined || drawn === undefined)
    return [
      { code: 'workspace_unreadable', at: text === undefined ? WORKSPACE : DRAWINGS, what: 'is not there' },
    ];
  const workspace = readWorkspace(text);
  if (!('schema' in workspace)) return workspace;
  const drawings = JSON.parse(drawn) as Model['drawings'];
  const images: Drawings = { architecture: svgOf(drawings.architecture), dataflow: svgOf(drawings.dataflow) };
  const formatted = format(workspace, images);
  return { workspace, drawings, formatted, tidy: formatted === text };
}
