// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildLambda } from '@enclave-vault/api/build/lambda';
import { buildAuthorizer } from '@enclave-vault/authorizer/build';
import { buildCanary } from '@enclave-vault/canary/build';
import { type BundleInputs, billOfMaterials, bundledPackages } from '@enclave-vault/image-parts';
import { buildSmoke } from '@enclave-vault/smoke/build';
import { Ajv } from 'ajv';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platformOf } from '../../../images/enclave/src/architecture.ts';
import { bundledComponents, sbom } from '../../../images/enclave/src/sbom.ts';
import { buildNitroEnclave } from '../../../trusted/enclave/build.ts';
import { BUILDERS, buildParts } from '../src/parts.ts';
import { billOf } from '../src/sbom.ts';
import { bench, MAKE, QUICK } from './support.ts';

const SCHEMAS = join(import.meta.dirname, 'fixtures/cyclonedx');
let folder: string;
let valid: (text: string) => readonly string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sbom-'));
  const read = async (name: string) => JSON.parse(await readFile(join(SCHEMAS, name), 'utf8')) as object;
  const ajv = new Ajv({ strict: false, allErrors: true });
  for (const format of ['date-time', 'idn-email', 'iri-reference', 'uri']) ajv.addFormat(format, true);
  ajv.addSchema(
    await read('spdx.SNAPSHOT.schema.json'),
    'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json',
  );
  ajv.addSchema(
    await read('jsf-0.82.SNAPSHOT.schema.json'),
    'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json',
  );
  const validate = ajv.compile(await read('bom-1.6.SNAPSHOT.schema.json'));
  valid = (text) =>
    validate(JSON.parse(text)) ? [] : (validate.errors ?? []).map((error) => JSON.stringify(error));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Bill {
  readonly serialNumber: string;
  readonly components: readonly {
    readonly name: string;
    readonly version?: string;
    readonly purl?: string;
  }[];
}

/** Packages that a bundle has files of, by an own reading of what the bundler says: folder names of node_modules, and folders of ours. */
function packagesIn(metafile: BundleInputs): string[] {
  const names = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => {
      if (bytesInOutput === 0 || file.startsWith('<') || /^[a-z-]+:/.test(file)) return [];
      const parts = file.split('/');
      const at = parts.lastIndexOf('node_modules');
      if (at < 0)
        return [
          `own ${parts[0] === 'canary' || parts[0] === 'policies' || parts[0] === 'infra' ? parts[0] : `${parts[0]}/${parts[1]}`}`,
        ];
      return [parts[at + 1]?.startsWith('@') ? `${parts[at + 1]}/${parts[at + 2]}` : `${parts[at + 1]}`];
    }),
  );
  return [...new Set(names)].sort();
}

async function ownName(name: string): Promise<string> {
  if (!name.startsWith('own ')) return name;
  const path = name.slice('own '.length);
  const text = await readFile(join(import.meta.dirname, '../../..', path, 'package.json'), 'utf8');
  return (JSON.parse(text) as { name: string }).name;
}
const named = async (names: readonly string[]) => [...new Set(await Promise.all(names.map(ownName)))].sort();

describe('a bill of materials', () => {
  const built: readonly (readonly [
    'api' | 'authorizer' | 'smoke' | 'canary-inside' | 'canary-outside',
    (out: string) => Promise<{ metafile: BundleInputs }>,
  ])[] = [
    ['api', buildLambda],
    ['authorizer', buildAuthorizer],
    ['smoke', buildSmoke],
    ['canary-inside', (out) => buildCanary('canary-inside', out)],
    ['canary-outside', (out) => buildCanary('canary-outside', out)],
  ];
  test.each(built)('of %s has every package that the bundler read, and no other', async (part, build) => {
    const { metafile } = await build(join(folder, part));
    const text = billOf(part, await BUILDERS[part](), '1.2.3');
    expect(valid(text)).toEqual([]);
    const { components } = JSON.parse(text) as Bill;
    expect([...new Set(components.map(({ name }) => name))].sort()).toEqual(
      await named(packagesIn(metafile)),
    );
    expect(components.every(({ version }) => version !== undefined)).toBe(true);
  });

  test('of the image has every package that the program was bundled from, and no other', async () => {
    const { inputs, directory } = await buildNitroEnclave(join(folder, 'enclave'));
    const bundle = await readFile(join(directory, 'enclave.mjs'));
    const metafile = {
      outputs: {
        x: {
          inputs: Object.fromEntries(
            Object.entries(inputs).map(([file, bytes]) => [file, { bytesInOutput: bytes }]),
          ),
        },
      },
    };
    const found = bundledComponents(bundle);
    expect(found.map(({ name }) => name).sort()).toEqual(await named(packagesIn(metafile)));
    const text = sbom(
      platformOf('aarch64'),
      [{ path: 'app/enclave.mjs', mode: 0o644, data: bundle }],
      [],
      found,
    );
    expect(valid(text)).toEqual([]);
  });

  test('is the same bytes for the same parts, with another serial number for others', () => {
    const bill = (version: string) =>
      billOfMaterials({ type: 'application', name: 'x', version, components: [] });
    const serial = (text: string) => (JSON.parse(text) as Bill).serialNumber;
    expect(bill('1.0.0')).toBe(bill('1.0.0'));
    expect(serial(bill('1.0.0'))).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(serial(bill('1.0.0'))).not.toBe(serial(bill('1.0.1')));
  });

  test('is not made of a file that no package of the lockfile has', () => {
    for (const file of ['node_modules/nobody/index.js', 'elsewhere/a.ts', 'trusted/nobody/a.ts'])
      expect(() => bundledPackages([file])).toThrow(expect.objectContaining({ code: 'input_not_pinned' }));
  });

  test('that CycloneDX would not take is noticed by the schema', () => {
    expect(valid('{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"x"}]}')).not.toEqual(
      [],
    );
    expect(valid('{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"1"}')).not.toEqual([]);
  });
});

describe('a release', () => {
  test('has the bills of all its parts, under its signature, the image’s as it was given', async () => {
    const { run, folder: at } = await bench({ builders: { ...QUICK, smoke: BUILDERS.smoke } });
    const image = sbom(platformOf('aarch64'), [], [], []);
    await writeFile(join(at, 'image.json'), image);
    expect(await run(...MAKE, '--out', 'out', '--image-sbom', 'image.json')).toMatchObject({ code: 0 });
    const bills = unzipSync(await readFile(join(at, 'out/sbom.zip')));
    const parts = [...(await buildParts(QUICK)).keys()];
    expect(Object.keys(bills).sort()).toEqual([...parts, 'image'].map((part) => `${part}.cdx.json`).sort());
    expect(Buffer.from(bills['image.cdx.json'] ?? []).toString()).toBe(image);
    for (const bill of Object.values(bills)) expect(valid(Buffer.from(bill).toString())).toEqual([]);
    await writeFile(join(at, 'out/sbom.zip'), 'another');
    expect(await run('--verify', 'out', '--key', 'project.pem')).toMatchObject({
      code: 1,
      said: expect.stringContaining('sbom.zip'),
    });
  });

  test.each([
    ['is not there', undefined],
    ['is no JSON', 'x'],
    ['is nothing', 'null'],
    ['is of something else', '{"bomFormat":"CycloneDX","specVersion":"1.6"}'],
  ])('is not made with an image’s bill that %s', async (_, text) => {
    const { run, folder: at } = await bench();
    if (text !== undefined) await writeFile(join(at, 'image.json'), text);
    expect(await run(...MAKE, '--out', 'out', '--image-sbom', 'image.json')).toMatchObject({
      code: 1,
      said: expect.stringContaining('sbom_refused'),
    });
  });
});
