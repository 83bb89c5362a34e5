// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { DEPLOY, type DeployConfig } from '../../src/config/deploy.ts';
import { exampleOutputs } from '../../src/outputs.ts';
import type { Stage } from '../../src/stage.ts';
import { type Known, synthesize, type Template, type TemplateResource } from '../../src/synthesize.ts';

/** deploy.json's example with changes. */
export function configOf(changes: Readonly<Record<string, unknown>> = {}): DeployConfig {
  return readRole(DEPLOY, { file: { ...(DEPLOY.example as object), ...changes }, env: {} });
}

/** What is known once `stages` are deployed, made up. Less than all, so that a test needs no other stage than its own. */
export function knownOf(
  config: DeployConfig,
  stages: readonly Stage[],
  measurements: Known['measurements'] = null,
): Known {
  const outputs = new Map(stages.map((stage) => [stage.id, exampleOutputs(stage.outputs, config)]));
  return { config, outputs, measurements, release: null };
}

/** One resource of a template, which must be there. */
export function resourceOf(template: Template, id: string): TemplateResource {
  const resource = template.Resources[id];
  if (resource === undefined) throw new Error(`no resource ${id}`);
  return resource;
}

export function ofType(template: Template, type: string): readonly (readonly [string, TemplateResource])[] {
  return Object.entries(template.Resources).filter(([, { Type }]) => Type === type);
}

export { synthesize };
