// SPDX-License-Identifier: Apache-2.0
import type { Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js';
import { getConformanceSuite, type IncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js';

/** A CEL value in a form that compares by ===: kind and text, members sorted. */
export type Normal = string;

export interface Case {
  /** `suite/section/name` */
  readonly name: string;
  readonly expr: string;
  readonly container: string;
  readonly bindings: ReadonlyMap<string, Value | null>;
  readonly disableCheck: boolean;
  /** undefined: an error is expected. */
  readonly expected: Normal | undefined;
  /** Speaks of protobuf messages or enums, which the vault has none of. */
  readonly protobuf: boolean;
}

/** Every case of the CEL conformance suite that expects one value or an error. */
export function conformanceCases(): Case[] {
  const cases: Case[] = [];
  const walk = (suite: IncrementalTestSuite, path: string) => {
    for (const test of suite.tests) {
      const { original } = test;
      const { case: kind, value } = original.resultMatcher;
      if (kind !== 'value' && kind !== 'evalError' && kind !== undefined) continue;
      const bindings = new Map(
        Object.entries(original.bindings).map(([name, bound]) => [
          name,
          bound.kind.case === 'value' ? bound.kind.value : null,
        ]),
      );
      const text = `${original.expr} ${kind === 'value' ? value.kind.case : ''}`;
      const declared = original.typeEnv.some((d) => JSON.stringify(d, bigintAsText).includes('messageType'));
      cases.push({
        name: `${path}/${test.name}`,
        expr: original.expr,
        container: original.container,
        bindings,
        disableCheck: original.disableCheck,
        expected: kind === 'value' ? fromProto(value) : kind === undefined ? 'bool true' : undefined,
        protobuf:
          declared ||
          original.container !== '' ||
          /TestAllTypes|google\.protobuf|objectValue|enumValue|proto\.|cel\.expr/.test(text) ||
          [...bindings.values()].some((v) => v === null || v.kind.case === 'objectValue'),
      });
    }
    for (const inner of suite.suites) walk(inner, path === '' ? inner.name : `${path}/${inner.name}`);
  };
  walk(getConformanceSuite(), '');
  return cases;
}

const bigintAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);

export function fromProto(value: Value): Normal {
  const { case: kind, value: v } = value.kind;
  switch (kind) {
    case 'nullValue':
      return 'null';
    case 'boolValue':
      return `bool ${v}`;
    case 'int64Value':
      return `int ${v}`;
    case 'uint64Value':
      return `uint ${v}`;
    case 'doubleValue':
      return `double ${v}`;
    case 'stringValue':
      return `string ${JSON.stringify(v)}`;
    case 'bytesValue':
      return `bytes ${Buffer.from(v).toString('hex')}`;
    case 'listValue':
      return `[${v.values.map(fromProto).join(', ')}]`;
    case 'mapValue':
      return normalMap(
        v.entries.map((e) => [e.key ? fromProto(e.key) : '', e.value ? fromProto(e.value) : '']),
      );
    case 'typeValue':
      return `type ${v}`;
    case 'objectValue':
      return `object ${v.typeUrl} ${Buffer.from(v.value).toString('hex')}`;
    default:
      return `unknown ${kind}`;
  }
}

export const normalMap = (entries: readonly (readonly [Normal, Normal])[]): Normal =>
  `{${entries
    .map(([k, v]) => `${k}: ${v}`)
    .sort()
    .join(', ')}}`;
