// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError } from './errors.ts';
import { npmPin } from './npm.ts';

/** Something that a product is made of. */
export interface BomComponent {
  /** CycloneDX 1.6, `components[].type`. */
  readonly type: 'library' | 'file' | 'platform' | 'operating-system' | 'device-driver' | 'application';
  readonly name: string;
  readonly version?: string;
  /** Package URL. */
  readonly purl?: string;
  /** SPDX expression. */
  readonly licence?: string;
  readonly digest?: { readonly algorithm: 'SHA-256' | 'SHA-384' | 'SHA-512'; readonly hex: string };
  /** Of ours, by name. */
  readonly properties?: readonly (readonly [name: string, value: string])[];
}

export interface Product {
  readonly type: 'application' | 'container';
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly digest?: NonNullable<BomComponent['digest']>;
  readonly properties?: readonly (readonly [name: string, value: string])[];
  readonly components: readonly BomComponent[];
}

const ROOT = join(import.meta.dirname, '../../..');
const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

interface Locked {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
}

/** As far as it is needed of what esbuild says of a bundle. */
export interface BundleInputs {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

/** Files that left something in a bundle, by path below the repository. */
export function inputsOf({ outputs }: BundleInputs): readonly string[] {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  return [...new Set(files)].sort();
}

/**
 * The packages that files of a bundle are from, npm's as the lockfile pins them, and our own workspaces. Each once, by name.
 * @param inputs paths below the repository, as the bundler's metafile has them: of files that left something in the bundle. Modules that a
 * build makes up itself (`namespace:name`, `<define:name>`) are no files
 * @throws {ImageError} `input_not_pinned` for a file of no package, or of one that the lockfile does not pin
 */
export function bundledPackages(inputs: Iterable<string>): readonly BomComponent[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const found = new Map<string, BomComponent>();
  for (const input of inputs) {
    if (/^[a-z-]+:|^</.test(input)) continue;
    const path = PACKAGE.exec(input)?.[0] ?? workspaceOf(input, packages);
    const entry = path === undefined ? undefined : packages[path];
    if (path === undefined || entry?.version === undefined) {
      throw new ImageError('input_not_pinned', `${input} is of no package of package-lock.json`);
    }
    const one = component(path, entry);
    // The same version at two places of node_modules is one package.
    found.set(one.purl ?? path, one);
  }
  return [...found.values()].sort((a, b) => compare(a.purl ?? '', b.purl ?? ''));
}

function workspaceOf(input: string, packages: Readonly<Record<string, Locked>>): string | undefined {
  const folders = Object.keys(packages).filter((folder) => folder !== '' && input.startsWith(`${folder}/`));
  // The longest: a workspace within another is its own.
  return folders.sort((a, b) => b.length - a.length)[0];
}

function component(path: string, { name, version, integrity, license }: Locked): BomComponent {
  const called = name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const purl = purlOf(called, version ?? '');
  const own = !path.includes('node_modules/');
  const sha512 = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(integrity ?? '')?.[1];
  if (!own && sha512 === undefined) {
    throw new ImageError('input_not_pinned', `package-lock.json has no SHA-512 of ${called}`);
  }
  return {
    type: 'library',
    name: called,
    ...(version !== undefined && { version }),
    purl,
    ...(license !== undefined && { licence: license }),
    // Of ours there is no archive: sources are the repository's, and the product's own digest is the release's.
    ...(sha512 === undefined
      ? { properties: [['enclave-vault:workspace', path]] as const }
      : { digest: { algorithm: 'SHA-512' as const, hex: Buffer.from(sha512, 'base64').toString('hex') } }),
  };
}

/** A package of npm that files were taken from as they are. @throws {ImageError} `input_not_pinned` */
export function npmComponent(name: string, files: readonly string[]): BomComponent {
  const { version, sha512, licence } = npmPin(name);
  return {
    type: 'library',
    name,
    version,
    purl: purlOf(name, version),
    licence,
    digest: { algorithm: 'SHA-512', hex: Buffer.from(sha512, 'base64').toString('hex') },
    properties: files.map((file) => ['enclave-vault:file', file] as const),
  };
}

const purlOf = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/**
 * A software bill of materials: CycloneDX 1.6 as JSON. Same parts, same bytes: it has no time, and its serial number is made of what it says.
 */
export function billOfMaterials({ components, ...product }: Product): string {
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { ...described(product), 'bom-ref': 'product' } },
    components: components.map((one, index) => ({
      ...described(one),
      'bom-ref': one.purl ?? `part-${index}`,
    })),
    // All of it is in the one file: who asks for whom is the bundler's business.
    dependencies: [
      { ref: 'product', dependsOn: components.map(({ purl }, index) => purl ?? `part-${index}`).sort() },
    ],
  };
  const hash = createHash('sha256').update(JSON.stringify(document)).digest();
  return `${JSON.stringify({ ...document, serialNumber: `urn:uuid:${uuid(hash)}` }, null, 2)}\n`;
}

/** Of the first bytes of a digest: version 8, "custom" (RFC 9562, section 5.8). */
function uuid(hash: Buffer): string {
  const bytes = Buffer.from(hash.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function described({
  type,
  name,
  version,
  purl,
  licence,
  digest,
  properties,
}: Omit<BomComponent, 'type'> & { readonly type: string }): Record<string, unknown> {
  return {
    type,
    name,
    ...(version !== undefined && { version }),
    ...(digest !== undefined && { hashes: [{ alg: digest.algorithm, content: digest.hex }] }),
    ...(licence !== undefined && { licenses: [{ expression: licence }] }),
    ...(purl !== undefined && { purl }),
    ...(properties !== undefined && { properties: properties.map(([key, value]) => ({ name: key, value })) }),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
