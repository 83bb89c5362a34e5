// SPDX-License-Identifier: Apache-2.0

type Json = Readonly<Record<string, unknown>>;

/** The Sids of policies/src/key-common.ts: one Deny a register while images are admitted, one Deny in all before that. */
const PINNED = /^DenyWithoutPCR\d+$/;
const SHUT = {
  Sid: 'DenyDecryptBeforeMeasurements',
  Effect: 'Deny',
  Principal: '*',
  Action: 'kms:Decrypt',
  Resource: '*',
} as const;

/**
 * A deployed template of keys in which no image is admitted any more. Made of what is deployed and not synthesized: nothing
 * else of the keys shall change at the end, and the network that the policies name may be another tomorrow.
 */
export function shutTemplate(template: string): string {
  const parsed = JSON.parse(template) as Json;
  const resources = Object.entries(parsed.Resources as Readonly<Record<string, Json>>).map(
    ([id, resource]) => {
      const properties = resource.Properties as Json | undefined;
      const policy = properties?.KeyPolicy as Json | undefined;
      const statements = (policy?.Statement ?? []) as readonly Json[];
      const first = statements.findIndex(({ Sid }) => PINNED.test(String(Sid)));
      if (first === -1) return [id, resource];
      const others = statements.filter(({ Sid }) => !PINNED.test(String(Sid)));
      // Where the first one stood: the order that a closed key's policy is written in.
      const Statement = [...others.slice(0, first), SHUT, ...others.slice(first)];
      return [id, { ...resource, Properties: { ...properties, KeyPolicy: { ...policy, Statement } } }];
    },
  );
  return JSON.stringify({ ...parsed, Resources: Object.fromEntries(resources) });
}
