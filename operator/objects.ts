// The Kubernetes objects the operator handles, as plain JSON: no model classes, so unknown fields survive.
import type { Spec } from "#crds/kvresponder";
import type { Status } from "#crds/status";

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  manager: string;
  operation: "Apply" | "Update";
  subresource?: string;
  /** FieldsV1: "f:name" descends into a field, "k:{...}" into a list-map item, "v:..." into a set item, "." is the node itself. */
  fieldsV1?: Record<string, unknown>;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

/** Any object. What is beside metadata (spec, data, ...) is looked at only by who knows the kind. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** A KVResponder after the API server has filled in the schema's defaults. */
export interface KVResponder extends KubeObject {
  spec: Spec;
  status?: Status;
}

/** What names an object of a known kind: the key of the work queue and of the stores. */
export interface Request {
  namespace: string;
  name: string;
}

export const requestOf = ({ metadata: { namespace = "", name } }: KubeObject): Request => ({ namespace, name });
