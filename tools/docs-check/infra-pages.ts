// SPDX-License-Identifier: Apache-2.0
import { CHECKS, DEPLOY, exampleKnown, resourcesPage, stagesOf, synthesize } from '@enclave-vault/infra';
import { readRole } from '@enclave-vault/settings';

/** The text of infra/src/checks/README.md. */
export function checksPage(): string {
  const rows = CHECKS.map(({ id, refuses, because }) => `| \`${id}\` | ${refuses} | ${because} |`);
  return `<!-- written by npm run docs -->
# Checks of templates

Every template is read back before anybody gets it: by the deploy command, by its dry run, by the pipeline and by the tests. The checks look at the JSON that
CloudFormation will get, by resource type, and at nothing that a construct says of itself. What they find ends the making of the template: \`template_refused\`, with every
resource and reason. Whoever needs what is refused here changes the check, in review, and not a flag.

| check | refuses | because |
|---|---|---|
${rows.join('\n')}

Types that stacks have are listed in \`infra/src/checks/types.ts\`. Before these, CDK holds each template against CloudFormation’s own schemas; after them, in the tests,
[cdk-nag](../suppress.ts) and cfn-lint (\`tests/heavy/infra.sh\`) do with their rules.
`;
}

/** The text of docs/resources.md, of templates that are made for it. That takes seconds. */
export function exampleResourcesPage(): string {
  const config = readRole(DEPLOY, { file: DEPLOY.example, env: {} });
  const known = exampleKnown(config);
  return resourcesPage(stagesOf(config).map((stage) => ({ stage, template: synthesize(stage, known) })));
}
