// SPDX-License-Identifier: Apache-2.0
import { AwsError, NotModelledError } from '../errors.ts';
import { handlerOf } from '../handlers/index.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { LIMITS } from '../limits.ts';
import { referencesOf } from './intrinsics.ts';

export type DeletionPolicy = 'Delete' | 'Retain' | 'RetainExceptOnCreate' | 'Snapshot';

export interface TemplateResource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: JsonObject;
  /** Explicit and by Ref, Fn::GetAtt and Fn::Sub. */
  readonly dependsOn: readonly string[];
  readonly deletionPolicy: DeletionPolicy;
  readonly updateReplacePolicy: DeletionPolicy;
}

export interface Template {
  readonly body: string;
  readonly description: string | undefined;
  readonly resources: ReadonlyMap<string, TemplateResource>;
  readonly outputs: Readonly<Record<string, Json>>;
}

/** Sections that our stages have no use for. */
const NOT_MODELLED = ['Parameters', 'Mappings', 'Conditions', 'Transform', 'Rules'];

const POLICIES: ReadonlySet<unknown> = new Set(['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot']);

/**
 * Reads a template as CloudFormation validates one: form, quotas, references.
 * @throws {AwsError} ValidationError
 * @throws {NotModelledError} for sections and types that nobody has described here
 */
export function parseTemplate(body: string): Template {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw invalid('Template format error: JSON not well-formed.');
  }
  if (!isObject(parsed)) throw invalid('Template format error: not an object.');
  const { Resources, Outputs, Description } = parsed;
  const section = NOT_MODELLED.find((name) => parsed[name] !== undefined);
  if (section !== undefined) throw new NotModelledError(`templates with ${section}`);
  if (!isObject(Resources ?? null)) {
    throw invalid('Template format error: At least one Resources member must be defined.');
  }
  const entries = Object.entries(Resources as JsonObject);
  if (entries.length === 0) {
    throw invalid('Template format error: At least one Resources member must be defined.');
  }
  if (entries.length > LIMITS.templateResources) {
    throw invalid(
      `Template format error: Number of resources, ${entries.length}, is greater than maximum allowed, 500`,
    );
  }
  if (typeof Description === 'string' && Buffer.byteLength(Description) > LIMITS.templateDescription) {
    throw invalid('Template format error: Description is longer than 1024 bytes.');
  }
  const resources = new Map(entries.map(([logicalId, value]) => [logicalId, readResource(logicalId, value)]));
  checkReferences(resources);
  const outputs = readOutputs(Outputs, resources);
  return { body, description: typeof Description === 'string' ? Description : undefined, resources, outputs };
}

function readResource(logicalId: string, value: Json | undefined): TemplateResource {
  if (!/^[A-Za-z0-9]{1,255}$/.test(logicalId)) {
    throw invalid(`Template format error: Resource name ${logicalId} is non alphanumeric.`);
  }
  if (!isObject(value ?? null))
    throw invalid(`Template format error: resource ${logicalId} is not an object.`);
  const { Type, Properties = {}, DependsOn = [], DeletionPolicy, UpdateReplacePolicy } = value as JsonObject;
  if (typeof Type !== 'string')
    throw invalid(
      `Template format error: [/Resources/${logicalId}] Every Resources object must contain a Type member.`,
    );
  handlerOf(Type);
  if (!isObject(Properties))
    throw invalid(`Template format error: properties of ${logicalId} are not an object.`);
  for (const policy of [DeletionPolicy, UpdateReplacePolicy]) {
    if (policy !== undefined && !POLICIES.has(policy)) {
      throw invalid(`Template format error: Unrecognized DeletionPolicy ${policy} for resource ${logicalId}`);
    }
  }
  const explicit = [DependsOn].flat().map(String);
  return {
    logicalId,
    type: Type,
    properties: Properties,
    dependsOn: [...new Set([...explicit, ...referencesOf(Properties)])],
    deletionPolicy: (DeletionPolicy as DeletionPolicy | undefined) ?? 'Delete',
    updateReplacePolicy: (UpdateReplacePolicy as DeletionPolicy | undefined) ?? 'Delete',
  };
}

function readOutputs(
  value: Json | undefined,
  resources: ReadonlyMap<string, TemplateResource>,
): Readonly<Record<string, Json>> {
  const entries = Object.entries(isObject(value ?? null) ? (value as JsonObject) : {});
  if (entries.length > LIMITS.templateOutputs) throw invalid('Template format error: more than 200 outputs.');
  return Object.fromEntries(
    entries.map(([name, output]) => {
      const given = isObject(output ?? null) ? (output as JsonObject) : {};
      if (given.Export !== undefined) throw new NotModelledError('exports');
      if (given.Value === undefined)
        throw invalid(`Template format error: Output ${name} must have a Value.`);
      const missing = referencesOf(given.Value).find((id) => !resources.has(id));
      if (missing !== undefined) throw unresolved(missing, 'Outputs');
      return [name, given.Value];
    }),
  );
}

function checkReferences(resources: ReadonlyMap<string, TemplateResource>): void {
  for (const { dependsOn } of resources.values()) {
    const missing = dependsOn.find((id) => !resources.has(id));
    if (missing !== undefined) throw unresolved(missing, 'Resources');
  }
  order(resources, 'template');
}

/** Which of the resources that may be made next comes first: CloudFormation makes them at once, in no order. */
export type Tie = 'template' | 'reverse';

/**
 * Resources so that each comes after what it depends on.
 * @throws {AwsError} ValidationError for a circle
 */
export function order(
  resources: ReadonlyMap<string, TemplateResource>,
  tie: Tie,
): readonly TemplateResource[] {
  const left = [...resources.values()];
  if (tie === 'reverse') left.reverse();
  const done = new Set<string>();
  const sorted: TemplateResource[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ dependsOn }) =>
      dependsOn.every((id) => done.has(id) || !resources.has(id)),
    );
    const [resource] = next < 0 ? [] : left.splice(next, 1);
    if (resource === undefined) {
      throw invalid(
        `Circular dependency between resources: [${left.map(({ logicalId }) => logicalId).join(', ')}]`,
      );
    }
    done.add(resource.logicalId);
    sorted.push(resource);
  }
  return sorted;
}

function unresolved(id: string, block: string): AwsError {
  return invalid(
    `Template format error: Unresolved resource dependencies [${id}] in the ${block} block of the template`,
  );
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
