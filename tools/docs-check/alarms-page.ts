// SPDX-License-Identifier: Apache-2.0
import {
  API_ALARMS,
  type ApiAlarm,
  CANARY_ALARMS,
  DECRYPTION_ALARMS,
  DEPLOY,
  type DecryptionAlarm,
  type DeployConfig,
  NETWORK_ALARMS,
  PIPELINE_ALARMS,
  WATCH_ALARMS,
  WATCH_EVENTS,
  type WatchEvent,
} from '@enclave-vault/infra';
import { readRole } from '@enclave-vault/settings';

/** Thresholds on the page are those of a configuration that sets none. */
function defaults(): DeployConfig {
  return readRole(DEPLOY, { file: DEPLOY.example, env: {} });
}

/** The text of docs/alarms.md, from the lists that the templates are made of. */
export function alarmsPage(): string {
  const config = defaults();
  return `<!-- written by npm run docs -->
# Alarms

Each alarm of a deployment: what it says, and what to do first. The same words are in the alarm's own description and in the message that arrives. All go to one topic, whose subscribers are \`watch.subscribers\` of deploy.json; all are on the dashboard \`NAME\`. An alarm is called \`NAME-\` and what stands here.
Thresholds are those without settings of your own. What to do in order, for larger things, is in [operations.md](operations.md).

**"Deploy again"** writes what changed in templates, and puts back what somebody changed beside CloudFormation in keys, data, base, evidence, network, canary and watch. What it does not put back (roles, the API, the instances' stack) goes back [by hand](operations.md#key-policies).

[Canaries](#canaries) · [Changes](#changes) · [The watch itself](#the-watch-itself) · [API](#api) · [Instances](#instances) · [Network](#network) · [Pipeline](#pipeline) · [Scaling](#scaling)

## Canaries
Two functions ask KMS each minute for what it must refuse, \`inside\` the VPC and \`outside\` of any; the one inside compares the policies of keys and table with the manifest that was deployed. A third, \`control\`, has a record decrypted, which must succeed ([ADR 28](adr/0028-canaries-on-aws.md)). The parent's own probes have their alarms among [instances](#instances).

| alarm | what it says | what to do |
|---|---|---|
${rows(
  CANARY_ALARMS.flatMap(({ id, places, means, todo }) =>
    places.map((place) => [`\`canary-${place}-${id}\``, means, todo]),
  ),
)}

## Changes
A message for each change of what protects the vault, a minute or so after it: who called what, from where, when. Calls in other Regions, and IAM's, come as an alarm \`watch-…-elsewhere\` that points to the trail's log group. Where a deployment makes such changes as well, the message says so and the caller is the deployment role; nothing is suppressed.

| change | what happened | why it matters | what to do | a deployment does it |
|---|---|---|---|---|
${rows(WATCH_EVENTS.map(eventRow))}

## The watch itself

| alarm | what it says | what to do |
|---|---|---|
${rows(WATCH_ALARMS.map(({ id, means, todo }) => [`\`${id}\``, means, todo]))}

## API

| alarm | goes off | what it says | what to do |
|---|---|---|---|
${rows(API_ALARMS.map((alarm) => [`\`${alarm.id}\``, apiLimit(alarm, config), alarm.means, alarm.todo]))}

## Instances

| alarm | goes off | what it says | what to do |
|---|---|---|---|
${rows(DECRYPTION_ALARMS.map((alarm) => [`\`${alarm.id}\``, parentLimit(alarm, config), alarm.means, alarm.todo]))}

## Network

| alarm | goes off | what it says | what to do |
|---|---|---|---|
${rows(NETWORK_ALARMS.map(({ id, means, todo }) => [`\`${id}\``, `at ${config.network.blockedNames} names in 5 min`, means, todo]))}

## Pipeline
Where there is one. Besides, each run that fails or is stopped is a message (rule \`NAME-pipeline-failed\`): what ran before goes on running and is admitted, and the next run goes on from what is deployed. So is each approval, each way past it (a build that is started by hand, a change of pipeline or project: rule \`NAME-pipeline-bypassed\`), and each change of a signing key (rule \`NAME-pipeline-keys\`).

| alarm | what it says | what to do |
|---|---|---|
${rows(PIPELINE_ALARMS.map(({ id, means, todo }) => [`\`${id}\``, means, todo]))}

## Scaling
\`parents-more-busy\`, \`parents-more-refused\`, \`parents-more-cpu\`, \`parents-more-network\` and \`parents-fewer\` start and end instances and tell nobody: nothing is wrong when they go off.
`;
}

function eventRow(event: WatchEvent): readonly string[] {
  const { id, what, why, todo, deployment } = event;
  return [`\`watch-${id}\``, `${what}.`, why, todo, deployment ? 'yes' : 'no'];
}

function rows(cells: readonly (readonly string[])[]): string {
  return cells.map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

function apiLimit({ metric, period, periods, above }: ApiAlarm, config: DeployConfig): string {
  const limit = typeof above === 'function' ? above(config) : above;
  const beyond = limit === 'usual' ? 'above what is usual' : `above ${limit}`;
  return `${metric.statistic} of \`${metric.name}\` ${beyond}, ${spans(period, periods)}`;
}

function parentLimit(alarm: DecryptionAlarm, config: DeployConfig): string {
  const { metric, statistic, period, periods, beyond } = alarm;
  const [how, limit] = beyond;
  const [name] = Object.values(metric);
  const silence = alarm.silence === 'bad' ? ', or no figure' : '';
  return `${statistic} of \`${name}\` ${how} ${typeof limit === 'function' ? limit(config) : limit}, ${spans(period, periods)}${silence}`;
}

/** `in 3 of 5 × 1 min`. */
function spans(period: number, [bad, of]: readonly [number, number]): string {
  return `${bad === of ? of : `${bad} of ${of}`} × ${period / 60} min`;
}
