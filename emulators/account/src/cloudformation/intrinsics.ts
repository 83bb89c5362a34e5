// SPDX-License-Identifier: Apache-2.0
import { AwsError, NotModelledError } from '../errors.ts';
import { isList, isObject, type Json, type JsonObject } from '../json.ts';

/** What names stand for while a template is carried out. */
export interface Scope {
  readonly ref: (logicalId: string) => string;
  readonly attribute: (logicalId: string, name: string) => string;
  /** `AWS::Region` and the like, without `AWS::`. */
  readonly pseudo: Readonly<Record<string, string>>;
}

/** Value with every intrinsic function carried out. `AWS::NoValue` leaves a member out. */
export function resolve(value: Json, scope: Scope): Json {
  const resolved = visit(value, scope);
  if (resolved === undefined) throw new AwsError('ValidationError', 'AWS::NoValue is no value of its own');
  return resolved;
}

export function resolveObject(value: JsonObject, scope: Scope): JsonObject {
  const members = Object.entries(value).map(([name, inner]) => [
    name,
    inner === undefined ? undefined : visit(inner, scope),
  ]);
  return Object.fromEntries(members.filter(([, inner]) => inner !== undefined)) as JsonObject;
}

function visit(value: Json, scope: Scope): Json | undefined {
  if (isList(value)) return value.map((inner) => visit(inner, scope)).filter((inner) => inner !== undefined);
  if (!isObject(value)) return value;
  const [name, argument] = soleMember(value);
  if (name === 'Ref') return reference(String(argument), scope);
  if (name?.startsWith('Fn::') === true) return call(name, argument ?? null, scope);
  return resolveObject(value, scope);
}

function reference(name: string, scope: Scope): string | undefined {
  if (name === 'AWS::NoValue') return undefined;
  return name.startsWith('AWS::') ? pseudo(name, scope) : scope.ref(name);
}

function pseudo(name: string, scope: Scope): string {
  const value = scope.pseudo[name.slice('AWS::'.length)];
  if (value === undefined) throw new NotModelledError(name);
  return value;
}

function call(name: string, argument: Json, scope: Scope): Json {
  const list = (): readonly Json[] => {
    const resolved = resolve(argument, scope);
    if (!isList(resolved)) throw new AwsError('ValidationError', `Template error: ${name} takes a list`);
    return resolved;
  };
  switch (name) {
    case 'Fn::GetAtt': {
      const [id = '', attribute = ''] =
        typeof argument === 'string' ? splitAt(argument, '.') : list().map(String);
      return scope.attribute(id, attribute);
    }
    case 'Fn::Join': {
      const [separator, parts] = list();
      return (isList(parts ?? null) ? (parts as readonly Json[]) : []).map(String).join(String(separator));
    }
    case 'Fn::Split': {
      const [separator, text] = list();
      return String(text).split(String(separator));
    }
    case 'Fn::Select': {
      const [index, parts] = list();
      const chosen = isList(parts ?? null) ? (parts as readonly Json[])[Number(index)] : undefined;
      if (chosen === undefined)
        throw new AwsError('ValidationError', 'Template error: Fn::Select cannot select');
      return chosen;
    }
    case 'Fn::Base64':
      return Buffer.from(String(resolve(argument, scope))).toString('base64');
    case 'Fn::Sub': {
      const [text, variables] = typeof argument === 'string' ? [argument, {}] : (argument as readonly Json[]);
      return substitute(String(text), (variables ?? {}) as JsonObject, scope);
    }
    case 'Fn::ToJsonString':
      return JSON.stringify(resolve(argument, scope));
    default:
      throw new NotModelledError(name);
  }
}

function substitute(text: string, variables: JsonObject, scope: Scope): string {
  return text.replace(/\$\{([^!}][^}]*)\}/g, (_, name: string) => {
    const given = variables[name];
    if (given !== undefined) return String(resolve(given, scope));
    if (name.startsWith('AWS::')) return pseudo(name, scope);
    const [id = '', attribute] = splitAt(name, '.');
    return attribute === undefined ? scope.ref(id) : scope.attribute(id, attribute);
  });
}

/** Logical ids that a value needs the resources of. */
export function referencesOf(value: Json): readonly string[] {
  if (isList(value)) return value.flatMap(referencesOf);
  if (!isObject(value)) return [];
  const [name, argument] = soleMember(value);
  if (name === 'Ref') return String(argument).startsWith('AWS::') ? [] : [String(argument)];
  if (name === 'Fn::GetAtt') {
    return [
      String(typeof argument === 'string' ? splitAt(argument, '.')[0] : (argument as readonly Json[])[0]),
    ];
  }
  if (name === 'Fn::Sub') {
    const [text, variables] = typeof argument === 'string' ? [argument, {}] : (argument as readonly Json[]);
    const given = Object.keys((variables ?? {}) as JsonObject);
    const named = [...String(text).matchAll(/\$\{([^!}][^}]*)\}/g)].map(
      ([, inner = '']) => splitAt(inner, '.')[0] ?? '',
    );
    return [
      ...named.filter((id) => !given.includes(id) && !id.startsWith('AWS::')),
      ...referencesOf((variables ?? {}) as JsonObject),
    ];
  }
  return Object.values(value).flatMap((inner) => (inner === undefined ? [] : referencesOf(inner)));
}

function soleMember(value: JsonObject): readonly [string | undefined, Json | undefined] {
  const names = Object.keys(value);
  const [name] = names;
  return names.length === 1 && name !== undefined ? [name, value[name]] : [undefined, undefined];
}

function splitAt(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
