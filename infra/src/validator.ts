// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, CloudFormationValidatePlugin, type IPolicyValidationPlugin } from 'aws-cdk-lib';
import { RESOURCE_TYPES } from './checks/types.ts';

/** What vaults' stacks have, and the stack of a management account. */
const TYPES = [...Object.keys(RESOURCE_TYPES), 'AWS::Organizations::Policy'];

/** A template of other types has an engine of its own: it would take the place of the one for all. */
class OneEngine extends CloudFormationValidatePlugin {
  readonly #types = new Set(TYPES);

  override validate(context: Context): Report {
    const known = context.templatePaths.every((path) => this.#knows(path));
    return known ? super.validate(context) : new CloudFormationValidatePlugin().validate(context);
  }

  #knows(path: string): boolean {
    const { Resources = {} } = JSON.parse(readFileSync(path, 'utf8')) as {
      Resources?: Record<string, { Type: string }>;
    };
    return Object.values(Resources).every(({ Type }) => this.#types.has(Type));
  }
}

type Context = Parameters<CloudFormationValidatePlugin['validate']>[0];
type Report = ReturnType<CloudFormationValidatePlugin['validate']>;

let validator: OneEngine | undefined;

/**
 * CDK's check of templates against CloudFormation's own schemas, with one engine for all of them. CDK's default makes the
 * engine anew for each template that has a type which the last one had not, so for every stage, and that took most of the
 * time of a deployment's synthesis. This one is shown every type first. Unlike the default it also cannot be turned off by
 * a variable of the environment (`CDK_VALIDATION`).
 * @param app its folder takes the one template of all types
 */
export function schemaValidator(app: App): IPolicyValidationPlugin {
  if (validator === undefined) {
    validator = new OneEngine();
    const resources = TYPES.map((Type, index) => [`Type${index}`, { Type }]);
    const templatePath = join(app.outdir, 'types.json');
    writeFileSync(templatePath, JSON.stringify({ Resources: Object.fromEntries(resources) }));
    // What it says of resources without properties is of no interest.
    validator.validate({
      appConstruct: app,
      templatePaths: [templatePath],
      stackTemplates: [
        { stackConstructPath: 'Types', templatePath, accountId: undefined, region: undefined },
      ],
    });
  }
  // The class names members `undefined` that its interface only leaves out.
  return validator as IPolicyValidationPlugin;
}
