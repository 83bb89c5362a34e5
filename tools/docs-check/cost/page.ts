// SPDX-License-Identifier: Apache-2.0
import { DEPLOY } from '@enclave-vault/infra';
import type { Setting } from '@enclave-vault/settings';
import { ASSUMPTIONS, estimate, LOADS, total, wafCost } from './model.ts';
import { PRICES, type Price, REGIONS } from './prices.ts';

/** The text of docs/cost.md, from prices and model. */
export function costPage(): string {
  const { mix, functionMs, records, decryptCalls, trailBytes } = ASSUMPTIONS;
  return `<!-- written by npm run docs -->
# What a vault on AWS costs

An estimate, in US dollars a month, of a deployment without settings of its own: two zones, a private API.${beyond()} Prices are data with their sources ([\`tools/docs-check/cost/prices.ts\`](../tools/docs-check/cost/prices.ts)), the arithmetic is code ([\`tools/docs-check/cost/model.ts\`](../tools/docs-check/cost/model.ts)), and what is counted is held against the templates by a test.
**No bill was seen: nothing has run on AWS.** Many prices are unverified, as the last table says: put yours in, and run \`npm run docs\`.

${REGIONS.map(
  (region) => `## ${region}
| | ${LOADS.map(({ title }) => title).join(' | ')} |
|---|${LOADS.map(() => '---:|').join('')}
${table(region)}`,
).join('\n\n')}

## What is taken for true
- Of ten requests ${mix.decrypt * 10} are decryptions, ${mix.create * 10} new records, ${mix.look * 10} looks; day and night. ${records / 1e6} million records are there.
- A request takes the function ${functionMs} ms, a decryption ${decryptCalls} call of KMS, a record of the trail ${trailBytes / 1000} KB. 100 requests a second take two instances ([by what was measured elsewhere](performance.md#what-to-do-at-each-step)): not measured on AWS.
- All instances on demand. Above the base of two they are Spot, at a fraction of it.
- No free tier, no savings plan, no tax, no support; no transfer out (a private API has none), none between zones, which is small here.

## Where it goes, and what saves
- **Idle** is instances, endpoints, alarms and the balancer. \`decryption.min\` of 1 takes one instance away, and with it the second zone.
- **Under load** it is KMS first: each record has a key of its own, which a decryption has unwrapped unless an enclave [still has it](key-cache.md). The estimate takes it that none does: records that are read more than once a minute cost less. Then API Gateway, DynamoDB and Lambda, by the request.
- **The trail's copy in a log group** has a record for each call of KMS. \`watch.copyToLogs: false\` takes it away, and leaves the alarms of this Region; an organization's trail in its place costs this account nothing.
- X-Ray: \`features.tracing: false\`.

## Prices
${REGIONS.join(' and ')}. "Memory": not read anywhere while this was written.

| what | ${REGIONS.join(' | ')} | per | AWS's page | read in |
|---|${REGIONS.map(() => '---:|').join('')}---|---|---|
${Object.values(PRICES as Readonly<Record<string, Price>>)
  .map(
    ({ what, usd, per, page, read }) =>
      `| ${what} | ${REGIONS.map((region) => usd[region]).join(' | ')} | ${per} | [${page.replace('https://', '')}](${page}) | ${read ?? 'memory'} |`,
  )
  .join('\n')}
`;
}

/** The loads that such a deployment does not let through: AWS's part of them is priced all the same. */
function beyond(): string {
  const rate = byDefault('api.throttle.rate');
  const decryptRate = byDefault('api.throttle.decryptRate');
  return LOADS.map(({ title, perSecond }) => ({
    title,
    perSecond,
    decryptions: perSecond * ASSUMPTIONS.mix.decrypt,
  }))
    .filter(({ perSecond, decryptions }) => perSecond > rate || decryptions > decryptRate)
    .map(
      ({ title, perSecond, decryptions }) =>
        ` **The column of ${title} takes settings of its own:** it has ${decryptions} decryptions a second, ${Number((decryptions / decryptRate).toPrecision(2))} times what \`api.throttle.decryptRate\` lets through without a setting (${decryptRate})${perSecond >= rate ? `, and all of \`api.throttle.rate\` (${rate})` : ''}.`,
    )
    .join('');
}

function byDefault(path: string): number {
  const settings: readonly Setting[] = DEPLOY.settings;
  const found = settings.find((setting) => setting.path === path)?.default;
  if (typeof found !== 'number') throw new Error(`${path} has no number by default`);
  return found;
}

function table(region: (typeof REGIONS)[number]): string {
  const columns = LOADS.map((load) => estimate(region, load));
  const [first = []] = columns;
  const names = first.map(({ what }, index) =>
    index === 0 ? 'instances (c6g.xlarge, on demand) and disks' : what,
  );
  const rows = names.map(
    (what, index) => `| ${what} | ${columns.map((lines) => dollars(lines[index]?.usd ?? 0)).join(' | ')} |`,
  );
  return [
    ...rows,
    `| **together** | ${columns.map((lines) => `**${dollars(total(lines))}**`).join(' | ')} |`,
    `| with AWS WAF, besides | ${LOADS.map((load) => dollars(wafCost(region, load))).join(' | ')} |`,
  ].join('\n');
}

function dollars(usd: number): string {
  return usd < 10 ? usd.toFixed(1) : String(Math.round(usd));
}
