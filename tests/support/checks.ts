// SPDX-License-Identifier: Apache-2.0

const SHOWN = 8;

/** Named assertions of a suite that is a script of its own. */
export class Checks {
  passed = 0;
  failed = 0;

  /** @param problems empty: it holds */
  none(name: string, problems: readonly string[]): void {
    const good = problems.length === 0;
    if (good) this.passed += 1;
    else this.failed += 1;
    console.log(`${good ? 'ok    ' : 'FAILED'} ${name}`);
    for (const problem of problems.slice(0, SHOWN)) console.log(`         ${problem}`);
    if (problems.length > SHOWN) console.log(`         and ${problems.length - SHOWN} more`);
  }

  that(name: string, holds: boolean, detail = ''): void {
    this.none(name, holds ? [] : [detail]);
  }

  /** Prints the count; the exit code says whether all passed. */
  finish(): void {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}
