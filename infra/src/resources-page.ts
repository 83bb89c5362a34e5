// SPDX-License-Identifier: Apache-2.0
import { RESOURCE_TYPES } from './checks/types.ts';
import type { Stage } from './stage.ts';
import type { Template, TemplateResource } from './synthesize.ts';

export interface MadeStage {
  readonly stage: Pick<Stage, 'id' | 'title' | 'kept'>;
  readonly template: Template;
}

/** Properties that hold a resource's name, by what they end in: `FunctionName`, `Name`, `AliasName`. */
const NAME = /^(Name|(?!.*Parameter)\w*Name)$/;
/** Names of something else than the resource itself. */
const OTHERS = /^(RoleName|LogGroupName|FunctionName|StageName|BucketName|S3BucketName|FilterName)$/;
const OWN: Readonly<Record<string, string>> = {
  'AWS::IAM::Role': 'RoleName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::ApiGateway::Stage': 'StageName',
  'AWS::S3::Bucket': 'BucketName',
};

/**
 * The text of docs/resources.md: what a deployment of the configuration's example consists of. A change of it is a change of
 * somebody's account, and shows in review.
 */
export function resourcesPage(made: readonly MadeStage[]): string {
  const all = made.flatMap(({ template }) => Object.values(template.Resources));
  const types = new Set(all.map(({ Type }) => Type));
  return `<!-- written by npm run docs -->
# Resources

What a deployment makes, in the order in which it does: ${all.length} resources of ${types.size} types in ${made.length} stacks, for the example of
[deploy.json](configuration.md). Settings add to it and take from it. The templates themselves: \`npm exec -c 'node infra/bin/synthesize.ts --out DIR'\`.

${made.map(section).join('\n')}`;
}

function section({ stage, template }: MadeStage): string {
  const byType = new Map<string, (readonly [string, TemplateResource])[]>();
  for (const entry of Object.entries(template.Resources)) {
    byType.set(entry[1].Type, [...(byType.get(entry[1].Type) ?? []), entry]);
  }
  const rows = [...byType]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, entries]) => {
      const { purpose } = RESOURCE_TYPES[type] ?? { purpose: '' };
      return `| ${type} | ${purpose} | ${entries.map(label).sort().join(', ')} |`;
    });
  const count = Object.keys(template.Resources).length;
  const kept = stage.kept === true ? ' Kept by `npm run destroy`.' : '';
  return `## ${stage.id}
${stage.title}. ${count} resources.${kept}

| type | what for | resources |
|---|---|---|
${rows.join('\n')}
`;
}

function label([id, { Type, Properties = {} }]: readonly [string, TemplateResource]): string {
  // Hashes in ids tell that something changed, not what: the page would be stale with every line of code.
  const stable = id.replace(/(Version|Deployment)[0-9a-f]{8,}$/, '$1…');
  const member = OWN[Type] ?? Object.keys(Properties).find((name) => NAME.test(name) && !OTHERS.test(name));
  const name = member === undefined ? undefined : Properties[member];
  return typeof name === 'string' ? `${stable} (\`${name}\`)` : stable;
}
