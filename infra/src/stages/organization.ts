// SPDX-License-Identifier: Apache-2.0
import {
  type ControlDocument,
  organizationControls,
  organizationResourceControls,
  vaultControls,
  vaultResourceControls,
} from '@enclave-vault/policies';
import { App, BootstraplessSynthesizer, type IStackSynthesizer, Stack, Validations } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-organizations';
import type { OrganizationConfig } from '../config/organization.ts';
import { InfraError } from '../errors.ts';
import { APP, inFolder, type Template } from '../synthesize.ts';
import { schemaValidator } from '../validator.ts';

/** "Maximum document size" of a service or resource control policy (Organizations User Guide, quotas). */
const MAX_POLICY = 5120;

interface ControlPolicy {
  readonly id: string;
  readonly type: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY';
  readonly description: string;
  readonly document: (config: OrganizationConfig) => ControlDocument;
  readonly targets: keyof OrganizationConfig['targets'];
}

/** What a management account may attach. Of each kind Organizations attaches five to a target, its own included. */
export const CONTROL_POLICIES: readonly ControlPolicy[] = [
  {
    id: 'everywhere-principals',
    type: 'SERVICE_CONTROL_POLICY',
    description: 'Grants of keys, tags of perimeters, open function URLs, roles of vaults.',
    document: organizationControls,
    targets: 'everywhere',
  },
  {
    id: 'everywhere-resources',
    type: 'RESOURCE_CONTROL_POLICY',
    description: 'Resources for principals of the organization, and for services that work for it.',
    document: organizationResourceControls,
    targets: 'everywhere',
  },
  {
    id: 'vaults-principals',
    type: 'SERVICE_CONTROL_POLICY',
    description: 'Roles of vaults on resources of the organization, from networks of vaults.',
    document: vaultControls,
    targets: 'vaults',
  },
  {
    id: 'vaults-resources',
    type: 'RESOURCE_CONTROL_POLICY',
    description: 'Keys and buckets of vaults, from networks of vaults.',
    document: vaultResourceControls,
    targets: 'vaults',
  },
];

/**
 * The template of the stack in the management account: none of the stages of a vault, deployed by its owner with
 * CloudFormation in the Region where the partition's Organizations is (us-east-1, cn-northwest-1, us-gov-west-1).
 * @throws {PolicyInputError} `invalid_deployment`
 * @throws {InfraError} `template_refused` when a policy would be longer than Organizations takes
 */
export function synthesizeOrganization(config: OrganizationConfig): Template {
  return inFolder((outdir) => organizationTemplate(outdir, config));
}

function organizationTemplate(outdir: string, config: OrganizationConfig): Template {
  const { name, targets } = config;
  const app = new App({ ...APP, outdir });
  Validations.of(app).addPlugins(schemaValidator(app));
  const stack = new Stack(app, `${name}-organization`, {
    description: `Control policies of an organization around vaults (Enclave Vault ${name})`,
    // The class names members `undefined` that its interface only leaves out.
    synthesizer: new BootstraplessSynthesizer({}) as IStackSynthesizer,
  });
  for (const { id, type, description, document, targets: where } of CONTROL_POLICIES) {
    if (targets[where].length === 0) continue;
    const logicalId = id.replaceAll(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
    const content = document(config);
    const length = JSON.stringify(content).length;
    if (length > MAX_POLICY) {
      throw new InfraError(
        'template_refused',
        `${id} has ${length} characters, and Organizations takes ${MAX_POLICY}: administrators, outsiders, networks and partners are in it`,
      );
    }
    new CfnPolicy(stack, logicalId, {
      name: `${name}-${id}`,
      type,
      description,
      content,
      targetIds: [...targets[where]],
      tags: [{ key: 'enclave-vault', value: name }],
    });
  }
  return app.synth().getStackByName(stack.stackName).template as Template;
}
