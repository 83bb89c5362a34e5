// SPDX-License-Identifier: Apache-2.0
import { viaService } from '../arns.ts';
import { checkKeyArn } from '../check.ts';
import { PolicyInputError } from '../errors.ts';
import { allow, document } from '../identities.ts';
import type { Home, KeyArns, PolicyDocument, Statement } from '../types.ts';
import { byFunction, type FunctionResources, functionStatements, logStatement, under } from './function.ts';
import { apiIdentityPolicy } from './identity.ts';

/** What the API's function of a deployment works with. */
export interface ApiResources {
  readonly function: FunctionResources;
  readonly keys: KeyArns;
  /** ARN of the table of records. */
  readonly table: string;
  /** Key of that table. */
  readonly tableKey: string;
  /** Name of the log group of audit heads. */
  readonly auditLogGroup: string;
}

/**
 * All that the API of a deployed vault may do: its keys, its table, the log of heads, its own log and traces; and each of
 * them as this function only.
 * @throws {PolicyInputError}
 */
export function apiWorkloadPolicy(home: Home, resources: ApiResources): PolicyDocument {
  const { keys, table, tableKey, auditLogGroup } = resources;
  const itself = byFunction(home, resources.function.name);
  return document([
    ...apiIdentityPolicy(home, keys).Statement.map((statement) => under(statement, itself)),
    ...tableStatements(home, table).map((statement) => under(statement, itself)),
    // DynamoDB opens the table's key in the name of whoever reads the table (DynamoDB Developer Guide, "Encryption at rest").
    allow('TableKey', 'kms:Decrypt', checkKeyArn(tableKey), {
      StringEquals: { 'kms:ViaService': viaService(home, 'dynamodb', home.region) },
    }),
    logStatement('AuditHeads', home, auditLogGroup, itself),
    ...functionStatements(home, resources.function),
  ]);
}

/** The function that verifies tokens has nothing to protect but its code: it writes its own log. */
export function authorizerWorkloadPolicy(home: Home, resources: FunctionResources): PolicyDocument {
  return document(functionStatements(home, resources));
}

/**
 * The smoke test is a caller as others are.
 * @param api id of the REST API. @param stage of it
 */
export function smokeWorkloadPolicy(
  home: Home,
  resources: FunctionResources,
  { api, stage }: { readonly api: string; readonly stage: string },
): PolicyDocument {
  const { partition, region, account } = home;
  return document([
    allow(
      'Call',
      'execute-api:Invoke',
      `arn:${partition}:execute-api:${region}:${account}:${api}/${stage}/*`,
      byFunction(home, resources.name),
    ),
    ...functionStatements(home, resources),
  ]);
}

/**
 * The positive control calls what makes a record and what decrypts it, or where callers show tokens what says how the vault
 * is, and nothing else.
 * @param api id of the REST API. @param stage of it
 * @param paths of the stage, each with its method before it: `POST/v1/vaults`
 */
export function controlWorkloadPolicy(
  home: Home,
  resources: FunctionResources,
  { api, stage, paths }: { readonly api: string; readonly stage: string; readonly paths: readonly string[] },
): PolicyDocument {
  const { partition, region, account } = home;
  return document([
    allow(
      'Call',
      'execute-api:Invoke',
      paths.map((path) => `arn:${partition}:execute-api:${region}:${account}:${api}/${stage}/${path}`),
      byFunction(home, resources.name),
    ),
    ...functionStatements(home, resources),
  ]);
}

/**
 * The table as the store uses it. It deletes and changes nothing: what is gone is a tombstone, and DynamoDB removes what
 * has expired. `dynamodb:LeadingKeys` would list every prefix there is, and say nothing.
 */
function tableStatements({ partition, region, account, name }: Home, table: string): Statement[] {
  const prefix = `arn:${partition}:dynamodb:${region}:${account}:table/${name}-`;
  if (!table.startsWith(prefix) || !/^[A-Za-z0-9_.-]+$/.test(table.slice(prefix.length))) {
    throw new PolicyInputError('invalid_deployment', 'not the table of this deployment');
  }
  return [
    allow('ReadItems', ['dynamodb:GetItem', 'dynamodb:Query'], table),
    // A record, its audit entry and the chain's head are written together or not at all: no write stands alone.
    allow('WriteInTransactions', 'dynamodb:PutItem', table, {
      'ForAnyValue:StringEquals': { 'dynamodb:EnclosingOperation': ['TransactWriteItems'] },
    }),
    // To see whether a table is empty. ForAllValues is true of no values, hence Null; `Select` is a request's own or follows
    // from its projection (DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control").
    allow('FindKeys', 'dynamodb:Scan', table, {
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk'] },
      Null: { 'dynamodb:Attributes': 'false' },
      StringEqualsIfExists: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
    }),
  ];
}
