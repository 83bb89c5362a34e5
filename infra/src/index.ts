// SPDX-License-Identifier: Apache-2.0
export { DEPLOY, type DeployConfig } from './config/deploy.ts';
export { InfraError, type InfraErrorCode } from './errors.ts';
export { EXAMPLE_MEASUREMENTS, exampleKnown } from './example.ts';
export { type Names, namesOf } from './names.ts';
export { exampleOutputs, type OutputShape, type OutputValues, parseOutputs } from './outputs.ts';
export type { ArtifactLocation, FunctionArtifact, PlacedRelease, Stage, StageContext } from './stage.ts';
export { STAGES, stagesOf } from './stages.ts';
export { type Known, synthesize, type Template, type TemplateResource } from './synthesize.ts';
