// The types, checked by the compiler; `@ts-expect-error` fails where there is no error.
import assert from "node:assert/strict";
import { test } from "node:test";

import { run, tool } from "./support/programs.js";

for (const resolution of ["bundler", "node16"]) {
  test(`the types hold with module resolution ${resolution}`, async () => {
    const module = resolution === "bundler" ? "esnext" : "node16";
    const { status, stdout } = await run(tool("tsc"), [
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--noUncheckedIndexedAccess",
      "--target", "esnext",
      "--lib", "esnext,dom",
      "--types", "",
      "--module", module,
      "--moduleResolution", resolution,
      "types.ts",
    ]);
    assert.equal(status, 0, stdout);
  });
}
