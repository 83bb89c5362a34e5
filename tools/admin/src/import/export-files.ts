// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AdminError } from '../errors.ts';

export interface DataFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** As the manifest says; undefined without one. */
  readonly items: number | undefined;
  readonly md5: string | undefined;
}

export interface ExportFiles {
  readonly files: readonly DataFile[];
  /** The export's ARN; null where no manifest says it. */
  readonly arn: string | null;
  readonly items: number | undefined;
}

const SUMMARY = 'manifest-summary.json';
const MANIFEST = 'manifest-files.json';
const DATA = /^[\w.-]+\.json(?:\.gz)?$/;

/**
 * The data files of an export: a file, or a folder as DynamoDB lays it out (Developer Guide, "DynamoDB table export output
 * format"): manifest-summary.json and manifest-files.json, and the files it lists in data/. Without a manifest, every
 * file in the folder, or in its data/.
 * @throws {AdminError} `export_unreadable`, naming all that is missing
 */
export function findExport(path: string): ExportFiles {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw unreadable(`there is no ${path}`);
  if (found.isFile()) return { files: [fileAt(path)], arn: null, items: undefined };
  return existsSync(join(path, MANIFEST)) ? listed(path) : unlisted(path);
}

/** Holds each file against the manifest's checksum, before anything of it is imported. @throws {AdminError} `export_damaged` */
export async function checkFiles({ files }: ExportFiles): Promise<void> {
  for (const { path, name, md5 } of files) {
    if (md5 === undefined) continue;
    const hash = createHash('md5');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    if (hash.digest('base64') !== md5)
      throw new AdminError('export_damaged', `${name} is not what the manifest says: download it again`);
  }
}

function listed(folder: string): ExportFiles {
  const summary = existsSync(join(folder, SUMMARY)) ? readJson(join(folder, SUMMARY)) : {};
  const { outputFormat = 'DYNAMODB_JSON', exportType = 'FULL_EXPORT', exportArn, itemCount } = summary;
  if (outputFormat !== 'DYNAMODB_JSON')
    throw unreadable('the export is not in DynamoDB JSON: make one that is');
  if (exportType !== 'FULL_EXPORT') throw unreadable('the export is an incremental one: make a full one');
  const lines = readText(join(folder, MANIFEST)).split('\n');
  const files = lines.filter((line) => line.trim() !== '').map((line) => listedFile(folder, line));
  const missing = files.filter(({ path }) => !existsSync(path)).map(({ name }) => name);
  if (missing.length > 0) throw unreadable(`files of the export are missing: ${missing.join(', ')}`);
  const items = isCount(itemCount) ? itemCount : sum(files.map((file) => file.items));
  const arn = typeof exportArn === 'string' ? exportArn.slice(0, 200) : null;
  return { files: files.map((file) => ({ ...file, bytes: statSync(file.path).size })), arn, items };
}

function listedFile(folder: string, line: string): DataFile {
  const { dataFileS3Key, itemCount, md5Checksum } = parse(line, MANIFEST);
  const name = typeof dataFileS3Key === 'string' ? basename(dataFileS3Key) : '';
  // A manifest comes from a bucket: it leads to no other folder.
  if (!DATA.test(name)) throw unreadable(`${MANIFEST} lists what is no data file`);
  return {
    path: join(folder, 'data', name),
    name,
    bytes: 0,
    items: isCount(itemCount) ? itemCount : undefined,
    md5: typeof md5Checksum === 'string' ? md5Checksum : undefined,
  };
}

function unlisted(folder: string): ExportFiles {
  for (const place of [folder, join(folder, 'data')]) {
    const names = existsSync(place) ? readdirSync(place).filter((name) => DATA.test(name)) : [];
    const files = names.filter((name) => !name.startsWith('manifest-')).sort();
    if (files.length > 0)
      return { files: files.map((name) => fileAt(join(place, name))), arn: null, items: undefined };
  }
  throw unreadable(`there is no export in ${folder}: no ${MANIFEST}, no .json or .json.gz files`);
}

function fileAt(path: string): DataFile {
  return { path, name: basename(path), bytes: statSync(path).size, items: undefined, md5: undefined };
}

function sum(counts: readonly (number | undefined)[]): number | undefined {
  return counts.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw unreadable(`${path} cannot be read`);
  }
}

const readJson = (path: string): Record<string, unknown> => parse(readText(path), basename(path));

function parse(text: string, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw unreadable(`${name} is not JSON`);
}

const unreadable = (message: string): AdminError => new AdminError('export_unreadable', message);
