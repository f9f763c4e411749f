// The bill of materials of an image as CycloneDX JSON: npm packages in the bundle, Node, and the base or the libraries under it.
import { createHash } from "node:crypto";
import { Enums, Models, Serialize, Spec, SPDX } from "@cyclonedx/cyclonedx-library";
import type { BaseImage } from "./base.ts";
import type { DistroPackage } from "./debian.ts";
import type { Manifest, NpmPackage } from "./packages.ts";

export interface Materials {
  /** The image itself: "kv-responder responder". */
  readonly image: Manifest;
  readonly packages: readonly NpmPackage[];
  readonly node: Manifest & { readonly sha256: string };
  readonly base: BaseImage | undefined;
  readonly distroPackages: readonly DistroPackage[];
  /** Shared libraries taken from the building machine, by path. */
  readonly libraries: readonly { readonly path: string; readonly sha256: string }[];
}

const { Component } = Models;
type Component = Models.Component;

const licenses = (license: string | undefined): Models.LicenseRepository => {
  if (license === undefined) return new Models.LicenseRepository();
  const spdx = SPDX.fixupSpdxId(license);
  if (spdx !== undefined) return new Models.LicenseRepository([new Models.SpdxLicense(spdx)]);
  return new Models.LicenseRepository([/ (OR|AND|WITH) /.test(license) ? new Models.LicenseExpression(license) : new Models.NamedLicense(license)]);
};

const sha256 = (hex: string): Models.HashDictionary => new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], hex]]);

const npmUrl = ({ name, version }: Manifest): string => `pkg:npm/${name.replace("@", "%40")}@${version}`;

const npmComponent = (of: NpmPackage): Component => {
  const [scope, name] = of.name.startsWith("@") ? of.name.split("/") : [undefined, of.name];
  return new Component(Enums.ComponentType.Library, name ?? of.name, { ...(scope !== undefined && { group: scope }), version: of.version, bomRef: of.folder, purl: npmUrl(of), licenses: licenses(of.license) });
};

const nodeComponent = ({ name, version, license, sha256: hash }: Materials["node"]): Component =>
  new Component(Enums.ComponentType.Application, name, {
    version,
    bomRef: "/usr/bin/node",
    purl: `pkg:generic/node@${version}`,
    // what scanners know its vulnerabilities by
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    licenses: licenses(license),
    hashes: sha256(hash),
  });

const distroComponent = ({ name, version, architecture, distro }: DistroPackage): Component => {
  const purl = `pkg:deb/${distro}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
  return new Component(Enums.ComponentType.Library, name, { version, bomRef: purl, purl });
};

const baseComponent = ({ name, digest }: BaseImage): Component => {
  const last = name.slice(name.lastIndexOf("/") + 1).replace(/:.*/, "");
  const purl = `pkg:oci/${last}@${encodeURIComponent(digest)}?repository_url=${encodeURIComponent(name.replace(/:[^/:]*$/, ""))}`;
  return new Component(Enums.ComponentType.Container, name, { version: digest, bomRef: purl, purl });
};

/** RFC 9562, version 8: made of the content, so that equal images have equal lists. */
const serial = (content: string): string => {
  const hex = createHash("sha256").update(content).digest("hex");
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** Equal materials give equal text: no time and nothing random is in it. */
export const sbom = (of: Materials): string => {
  const image = new Component(Enums.ComponentType.Container, of.image.name, { version: of.image.version, bomRef: "image", licenses: licenses(of.image.license) });
  const npm = new Map(of.packages.map((each) => [each.folder, npmComponent(each)]));
  for (const { folder, needs } of of.packages) {
    for (const needed of needs) {
      const component = npm.get(needed);
      if (component) npm.get(folder)?.dependencies.add(component.bomRef);
    }
  }
  const node = nodeComponent(of.node);
  const below = [
    ...of.distroPackages.map(distroComponent),
    ...of.libraries.map(({ path, sha256: hash }) => new Component(Enums.ComponentType.File, path, { bomRef: path, hashes: sha256(hash) })),
    ...(of.base ? [baseComponent(of.base)] : []),
  ];
  for (const each of below) node.dependencies.add(each.bomRef);
  for (const each of [node, ...npm.values()]) image.dependencies.add(each.bomRef);
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: image }), components: new Models.ComponentRepository([...npm.values(), node, ...below]) });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const print = (): string => serializer.serialize(bom, { sortLists: true, space: 2 });
  bom.serialNumber = serial(print());
  return `${print()}\n`;
};
