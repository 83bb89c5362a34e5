// SPDX-License-Identifier: Apache-2.0

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

function resourcesOf(template: string): readonly (readonly [string, Resource])[] {
  const { Resources = {} } = JSON.parse(template) as {
    readonly Resources?: Readonly<Record<string, Resource>>;
  };
  return Object.entries(Resources);
}

/** A bucket that goes with its stack, and must be empty by then. */
export interface Bucket {
  readonly name: string;
  /** Its versions are under Object Lock. */
  readonly locked: boolean;
}

/** Buckets of a deployed template that are not retained. All of ours have a name. */
export function bucketsOf(template: string): readonly Bucket[] {
  return resourcesOf(template).flatMap(([, { Type, DeletionPolicy, Properties = {} }]) => {
    const { BucketName: name, ObjectLockEnabled } = Properties;
    if (Type !== 'AWS::S3::Bucket' || DeletionPolicy === 'Retain' || typeof name !== 'string') return [];
    return [{ name, locked: ObjectLockEnabled === true }];
  });
}

/** Resources that a stack does not take with it, by type and the name that the template gives them. */
export function retainedIn(template: string): string[] {
  return resourcesOf(template).flatMap(([id, { Type, DeletionPolicy, Properties = {} }]) => {
    if (!/^Retain/.test(DeletionPolicy ?? '')) return [];
    const { LogGroupName, BucketName, AliasName } = Properties;
    const name = [LogGroupName, BucketName, AliasName].find((one) => typeof one === 'string');
    return [`${Type} ${name ?? id}`];
  });
}

/** Keys of KMS in a deployed template, replicas among them. */
export function keysIn(template: string): number {
  return resourcesOf(template).filter(([, { Type }]) => /^AWS::KMS::(Replica)?Key$/.test(Type)).length;
}
