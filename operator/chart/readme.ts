// The READMEs of both charts, with a table of every value.
import { apiVersion } from "#crds/names";
import { valuesSchema } from "#crds/chart-values";
import { specSchema } from "#crds/kvresponder";
import { structural } from "#crds/structural";
import { version } from "#lib/version";
import { type ValueSchema, valuesTable } from "./schema.ts";
import { operatorValues } from "./values.ts";

const notice = "<!-- Made by operator/generate.ts; do not edit. -->";

const operatorReadme = (): string => `${notice}
# kv-responder-operator

The operator, which makes a cache and its monitoring of each KVResponder. Version ${version}; Kubernetes 1.30 or later.

<!-- not run: docs/install.md has the same line -->
\`\`\`sh
helm install kv-responder-operator ./config/helm/kv-responder-operator --namespace kv-responder-system --create-namespace
\`\`\`

Then a tenant, by the chart \`kv-responder\` beside this one:

<!-- not run: docs/install.md has the same, smaller -->
\`\`\`sh
helm install kv-responder-prod ./config/helm/kv-responder --set tenant=production
\`\`\`

## One for each cluster
Its objects have the names that \`kubectl apply -k config/default\` gives them, whatever the release is called: alerts, dashboards and network policies look for them. So install it once, by one of the two.

Helm makes the namespace without labels. The operator runs under the strictest Pod Security Standard; to have it enforced:

<!-- not run: test/install does, and has all of it run under the label -->
\`\`\`sh
kubectl label namespace kv-responder-system pod-security.kubernetes.io/enforce=restricted
\`\`\`

## The CRD
Helm installs what is in a chart's \`crds/\` once, and never upgrades it: a newer operator would meet the schema of an older one. So here the CRD is a template, and \`helm upgrade\` brings it along. It is kept when the release is uninstalled (\`crds.keep\`), because with it go all KVResponders and their caches. To remove it in the end:

<!-- not run: docs/install.md has the same line -->
\`\`\`sh
kubectl delete crd kvresponders.kvresponder.io
\`\`\`

Where the CRD is there already, from \`kubectl apply\` or from a release that is gone, either hand it over,

<!-- not run: it wants a CRD that Helm does not know; test/install/api-server.cluster.test.ts has one -->
\`\`\`sh
kubectl annotate crd kvresponders.kvresponder.io --overwrite meta.helm.sh/release-name=kv-responder-operator meta.helm.sh/release-namespace=kv-responder-system
kubectl label crd kvresponders.kvresponder.io --overwrite app.kubernetes.io/managed-by=Helm
\`\`\`

or leave it to whom it belongs: \`--set crds.install=false\`.

## Test
\`helm test kv-responder-operator --namespace kv-responder-system\` asks the operator whether it is ready: it is once it has seen all resources and their children.

## Values
${valuesTable(operatorValues)}
`;

/** The fields of spec have their defaults from the API server, so they come from the CRD's own schema. */
const tenantValues = (): Readonly<Record<string, ValueSchema>> => {
  const fields = structural(specSchema, "spec").properties ?? {};
  const { properties = {} } = valuesSchema() as ValueSchema;
  return { ...Object.fromEntries(Object.entries(properties).filter(([name]) => !(name in fields))), ...fields } as Readonly<Record<string, ValueSchema>>;
};

const tenantReadme = (): string => `${notice}
# kv-responder

One tenant's cache with its monitoring: a KVResponder (\`${apiVersion}\`), of which the operator makes everything else. Version ${version}. The operator comes first: chart \`kv-responder-operator\`, or \`kubectl apply -k config/default\`.

<!-- not run: docs/install.md has the same, smaller -->
\`\`\`sh
helm install kv-responder-prod ./config/helm/kv-responder --set tenant=production
\`\`\`

makes the Service \`kv-responder-production\`. The values are the fields of the resource's spec, and only what is set is handed on: a default that is not set may change with the operator. Helm refuses what is misspelt; what only the API server can judge fails the install with its words.

## Test
\`helm test kv-responder-prod\` runs a pod beside the cache, which waits up to two minutes for the Service to show the metrics of this tenant. It runs the responder's image, so it pulls nothing new, and it talks as a client does: where \`networkPolicy.clients\` lets no pod of this namespace in, it fails, and rightly.

## Values
${valuesTable(tenantValues())}
`;

export const readmes = (): Readonly<Record<string, string>> => ({ "kv-responder-operator": operatorReadme(), "kv-responder": tenantReadme() });
