// SPDX-License-Identifier: Apache-2.0
import { isObject, type Json, many, type Placed, resourcesOf, type Subject, walk } from './check.ts';

/** A policy document in a template, wherever it stands: as a value, or as JSON in a text. */
export interface FoundDocument {
  readonly resource: Placed;
  /** Members that lead to it, `Replicas.0.ResourcePolicy.PolicyDocument`. */
  readonly path: string;
  readonly document: Json;
}

/** All policy documents of a template: whatever has statements with an effect is one. */
export function* documentsOf(subject: Subject): Generator<FoundDocument> {
  for (const resource of resourcesOf(subject)) {
    for (const [path, value] of walk(resource.properties)) {
      const document = typeof value === 'string' && value.includes('"Statement"') ? parsed(value) : value;
      if (!isObject(document) || !('Statement' in document)) continue;
      if (!many(document.Statement).some((one) => isObject(one) && 'Effect' in one)) continue;
      yield { resource, path: path.join('.'), document };
    }
  }
}

export interface FoundStatement extends FoundDocument {
  readonly statement: Json;
  /** Of the document and the statement, for people. */
  readonly where: string;
}

export function* statementsOf(subject: Subject): Generator<FoundStatement> {
  for (const found of documentsOf(subject)) {
    for (const [index, statement] of many(found.document.Statement).entries()) {
      if (!isObject(statement)) continue;
      yield { ...found, statement, where: `${found.path}: ${String(statement.Sid ?? `statement ${index}`)}` };
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
