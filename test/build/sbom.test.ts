// The bill of materials: valid by CycloneDX's own schema, the same twice, and true about licences, purls and what needs what.
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { expect, test } from "vitest";
import { parseOwners } from "../../build/debian.ts";
import { sbom, type Materials } from "../../build/sbom.ts";

const hash = "a".repeat(64);
const materials: Materials = {
  image: { name: "kv-responder responder", version: "1.2.3", license: "Apache-2.0" },
  packages: [
    { folder: "node_modules/@s/a", name: "@s/a", version: "1.0.0", license: "(MIT OR Apache-2.0)", needs: ["node_modules/b"] },
    { folder: "node_modules/b", name: "b", version: "2.0.0-rc.1", license: "mit", needs: [] },
    { folder: "node_modules/c", name: "c", version: "3.0.0", license: "See LICENSE", needs: [] },
    { folder: "node_modules/d", name: "d", version: "4.0.0", needs: [] },
  ],
  node: { name: "node", version: "24.1.0", license: "MIT", sha256: hash },
  base: undefined,
  distroPackages: [{ name: "libstdc++6", version: "1:2.3-4+deb12u1", architecture: "amd64", distro: "debian" }],
  libraries: [{ path: "/lib/libc.so.6", sha256: hash }],
};
const base = { name: "registry.example/base/cc:nonroot", digest: `sha256:${hash}` };

interface Listed {
  readonly serialNumber: string;
  readonly components: readonly { readonly name: string; readonly group?: string; readonly purl?: string; readonly licenses?: unknown }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}
const read = (of: Materials): Listed => JSON.parse(sbom(of)) as Listed;

test.each([
  ["on scratch", materials],
  ["on a base", { ...materials, base, distroPackages: [], libraries: [] }],
])("%s it is valid CycloneDX 1.6", async (_, of) => {
  expect(await new Validation.JsonStrictValidator(Spec.Spec1dot6.version).validate(sbom(of))).toBeNull();
});

test("the validator refuses what is none", async () => {
  expect(await new Validation.JsonStrictValidator(Spec.Spec1dot6.version).validate(sbom(materials).replace('"type": "container"', '"type": "cont"'))).not.toBeNull();
});

test("equal materials, equal text; others have another serial number", () => {
  expect(sbom(materials)).toBe(sbom(structuredClone(materials)));
  expect(read({ ...materials, libraries: [] }).serialNumber).not.toBe(read(materials).serialNumber);
});

test("names, purls and licences are as scanners want them", () => {
  const found = (name: string) => read({ ...materials, base }).components.find((c) => c.name === name);
  expect(found("a")).toMatchObject({ group: "@s", purl: "pkg:npm/%40s/a@1.0.0", licenses: [{ expression: "(MIT OR Apache-2.0)" }] });
  expect(found("b")).toMatchObject({ purl: "pkg:npm/b@2.0.0-rc.1", licenses: [{ license: { id: "MIT" } }] });
  expect(found("c")).toMatchObject({ licenses: [{ license: { name: "See LICENSE" } }] });
  expect(found("node")).toMatchObject({ cpe: "cpe:2.3:a:nodejs:node.js:24.1.0:*:*:*:*:*:*:*", hashes: [{ alg: "SHA-256", content: hash }] });
  expect(found("libstdc++6")?.purl).toBe("pkg:deb/debian/libstdc%2B%2B6@1%3A2.3-4%2Bdeb12u1?arch=amd64");
  expect(found(base.name)?.purl).toBe(`pkg:oci/cc@sha256%3A${hash}?repository_url=registry.example%2Fbase%2Fcc`);
});

test("it says what needs what", () => {
  const { dependencies } = read(materials);
  expect(dependencies.find(({ ref }) => ref === "node_modules/@s/a")?.dependsOn).toEqual(["node_modules/b"]);
  expect(dependencies.find(({ ref }) => ref === "image")?.dependsOn).toContain("/usr/bin/node");
});

test("owners of files are read from dpkg's answer, each once", () => {
  expect(parseOwners("libc6:amd64: /lib/x86_64-linux-gnu/libc.so.6\nlibc6:amd64: /lib/x86_64-linux-gnu/libm.so.6\nlibgcc-s1:amd64: /lib/x86_64-linux-gnu/libgcc_s.so.1\n")).toEqual(["libc6:amd64", "libgcc-s1:amd64"]);
});
