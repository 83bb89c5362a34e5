// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Run from its sources: the addon that npm installed for this machine; null where koffi has none or npm left it out. */
export function koffiFile(): string | null {
  const { platform, arch } = process;
  if (platform !== 'linux') return null;
  // Beside the package that names it as optional: there is no module to resolve, only a file.
  const packages = join(dirname(createRequire(import.meta.url).resolve('koffi')), '../@koromix');
  const files = [`linux_${arch}`, `musl_${arch}`].map((libc) =>
    join(packages, `koffi-linux-${arch}`, libc, 'koffi.node'),
  );
  // Which of the two a process can load depends on its libc, which the report names if it is GNU's.
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const file = header.glibcVersionRuntime === undefined ? files[1] : files[0];
  return file !== undefined && existsSync(file) ? file : null;
}
