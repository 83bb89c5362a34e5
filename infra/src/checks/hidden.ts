// SPDX-License-Identifier: Apache-2.0
import { type Check, isObject, resourcesOf, type Subject, walk } from './check.ts';
import { RESOURCE_TYPES } from './types.ts';

/** Types that a construct, a habit or a mistake brings in, and why ours has none of them. */
const REFUSED_TYPES: readonly (readonly [RegExp, string])[] = [
  [
    /^(Custom::|AWS::CloudFormation::CustomResource$)/,
    'a custom resource is an unsigned function with rights of its own',
  ],
  [
    /^AWS::CloudFormation::(Macro|Stack|StackSet|ModuleDefaultVersion)$/,
    'what it would deploy is in no template of ours',
  ],
  [/^AWS::ApiGateway::Account$/, 'its role is one for all APIs of the account and Region, whoever owns them'],
  [/^AWS::Lambda::(Url|LayerVersion|EventSourceMapping)/, 'a way in, or code, past gateway and signatures'],
  [
    /^AWS::IAM::(User|Group|AccessKey|UserToGroupAddition|UserPolicy|GroupPolicy)$/,
    'nothing here has long-lived credentials',
  ],
  [
    /^AWS::EC2::(InternetGateway|EgressOnlyInternetGateway|NatGateway|EIP|VPCGatewayAttachment)/,
    'the network has no way to the internet',
  ],
  [/^AWS::EC2::(KeyPair|Instance)$/, 'nobody logs in, and instances come from the group alone'],
  [/^AWS::SecretsManager::|^AWS::SSM::Parameter$/, 'secrets are no matter of templates'],
];

const types: Check = {
  id: 'resource-type',
  refuses:
    'Resources of types that this deployment does not use: custom resources, an API Gateway account role, function URLs, layers, users, internet gateways, and any that `types.ts` does not list.',
  because:
    'CDK constructs bring in resources that their callers never see, unsigned functions among them. A type that is new here is looked at before it is listed.',
  *find(subject) {
    for (const { id, type } of resourcesOf(subject)) {
      const refused = REFUSED_TYPES.find(([pattern]) => pattern.test(type));
      if (refused !== undefined) yield { resource: id, reason: `${type}: ${refused[1]}` };
      else if (!(type in RESOURCE_TYPES)) yield { resource: id, reason: `${type} is not in checks/types.ts` };
    }
  },
};

const SECTIONS: ReadonlySet<string> = new Set([
  'AWSTemplateFormatVersion',
  'Description',
  'Resources',
  'Outputs',
]);

const sections: Check = {
  id: 'section',
  refuses:
    'Parameters, conditions, mappings, transforms, rules, metadata of a template; metadata and conditions of a resource; exported outputs.',
  because:
    'A stage is a function of plain text. A parameter would be a value that no check has seen, a transform a template that no check has seen, an export a lock from one stack to another. Parameters and conditions are also what CDK’s bootstrap leaves.',
  *find({ template }) {
    for (const section of Object.keys(template)) {
      if (!SECTIONS.has(section)) yield { resource: '', reason: `section ${section}` };
    }
    for (const [id, resource] of Object.entries(template.Resources)) {
      for (const member of ['Metadata', 'Condition'] as const) {
        if (member in resource) yield { resource: id, reason: `${member} of a resource` };
      }
    }
    for (const [name, output] of Object.entries(template.Outputs ?? {})) {
      if ('Export' in output) yield { resource: '', reason: `output ${name} is exported` };
    }
  },
};

/** What a value may leave to CloudFormation: another resource of the same stack. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  'Fn::GetAtt',
  'Fn::Join',
  'Fn::Base64',
  'Fn::Select',
  'Fn::Split',
]);

const intrinsics: Check = {
  id: 'late-value',
  refuses:
    'Pseudo parameters (`AWS::AccountId` and the like), imports, look-ups, dynamic references (`{{resolve:…}}`), CDK tokens, references to nothing in the stack.',
  because:
    'What only CloudFormation would know can be neither hashed into PCR3 and PCR16 nor judged by the policy proofs. A dynamic reference reads a secret, or another value tomorrow.',
  *find(subject) {
    const { template } = subject;
    const places: [string, unknown][] = [
      ...Object.entries(template.Resources).map(([id, { Properties }]): [string, unknown] => [
        id,
        Properties,
      ]),
      ['', template.Outputs],
    ];
    for (const [resource, value] of places) {
      for (const [path, one] of walk(value)) {
        const reason = lateValue(one, subject);
        if (reason !== undefined) yield { resource, reason: `${path.join('.')}: ${reason}` };
      }
    }
  },
};

function lateValue(value: unknown, { template }: Subject): string | undefined {
  if (typeof value === 'string') {
    if (/\{\{resolve:/.test(value)) return 'dynamic reference';
    // What stands for a value that CDK never resolved (CDK Developer Guide, "Tokens").
    if (/\$\{Token\[|#\{Token\[/.test(value)) return 'a token of CDK';
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const [name, ...others] = Object.keys(value);
  if (name === undefined || others.length > 0) return undefined;
  if (name === 'Ref') {
    const target = value.Ref;
    return typeof target === 'string' && target in template.Resources ? undefined : `Ref ${String(target)}`;
  }
  if (name === 'Fn::GetAtt') {
    const target = Array.isArray(value[name]) ? String(value[name][0]) : String(value[name]);
    return target in template.Resources ? undefined : `Fn::GetAtt ${target}`;
  }
  if (name.startsWith('Fn::') && !FUNCTIONS.has(name)) return name;
  return undefined;
}

export const HIDDEN_CHECKS: readonly Check[] = [types, sections, intrinsics];
