// SPDX-License-Identifier: Apache-2.0

export { CHECKS } from './checks/index.ts';
export { leastVcpus } from './config/decryption.ts';
export { DEPLOY, type DeployConfig } from './config/deploy.ts';
export { ORGANIZATION, type OrganizationConfig } from './config/organization.ts';
export { InfraError, type InfraErrorCode } from './errors.ts';
export { EXAMPLE_MEASUREMENTS, exampleKnown } from './example.ts';
export { type Names, namesOf } from './names.ts';
export { exampleOutputs, type OutputShape, type OutputValues, parseOutputs } from './outputs.ts';
export { resourcesPage } from './resources-page.ts';
export {
  type ApiPlaces,
  apiSettings,
  authorizerSettings,
  authorizersFile,
  FUNCTION_FILES,
  SETTINGS_FILE,
} from './settings/api.ts';
export {
  type ComparedPolicies,
  canaryManifest,
  comparedPolicies,
  MANIFEST_FILE,
} from './settings/canary.ts';
export {
  type EnclaveInputs,
  enclaveInputs,
  PARENT_SETTINGS,
  type ParentFiles,
  parentFiles,
} from './settings/parent.ts';
export type { ArtifactLocation, FunctionArtifact, PlacedRelease, Stage, StageContext } from './stage.ts';
export { API_ALARMS, type ApiAlarm } from './stages/api/alarms.ts';
export { API } from './stages/api.ts';
export { ARTIFACTS } from './stages/artifacts.ts';
export { BASE } from './stages/base.ts';
export { CANARY_ALARMS, type CanaryAlarm } from './stages/canary/alarms.ts';
export { probedLegacyKeys } from './stages/canary/function.ts';
export { CANARY } from './stages/canary.ts';
export { CONTROLLERS } from './stages/controllers.ts';
export { type DataStep, dataSteps } from './stages/data/steps.ts';
export { DATA } from './stages/data.ts';
export { DECRYPTION_ALARMS, type DecryptionAlarm } from './stages/decryption/alarms.ts';
export { DECRYPTION, instanceKeys } from './stages/decryption.ts';
export { EVIDENCE } from './stages/evidence.ts';
export { IDENTITIES } from './stages/identities.ts';
export { type LegacyKeyPolicy, legacyKeyPolicies } from './stages/keys/legacy.ts';
export { keysReplicaStage } from './stages/keys/replica.ts';
export { KEYS } from './stages/keys.ts';
export { NETWORK_ALARMS } from './stages/network/alarms.ts';
export { emptyDefaultGroup, type Revocation, type SecurityGroupRule } from './stages/network/by-hand.ts';
export { NETWORK } from './stages/network.ts';
export { CONTROL_POLICIES, synthesizeOrganization } from './stages/organization.ts';
export { PIPELINE_ALARMS, type PipelineAlarm } from './stages/pipeline/alarms.ts';
export { PIPELINE } from './stages/pipeline.ts';
export { SIGNING } from './stages/signing.ts';
export { WATCH_EVENTS, type WatchEvent } from './stages/watch/events.ts';
export { WATCH_ALARMS, type WatchAlarm } from './stages/watch/own-alarms.ts';
export { WATCH } from './stages/watch.ts';
export { STAGES, stagesOf } from './stages.ts';
export { contextOf, type Known, synthesize, type Template, type TemplateResource } from './synthesize.ts';
