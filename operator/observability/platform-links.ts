// Names of what there is once in a platform: its dashboards, and the operator as Prometheus knows it.

export const operatorDashboardUid = "kv-responder-operator";
export const fleetDashboardUid = "kv-responder-fleet";

/** The job label of the operator's series: Prometheus takes it from the Service in config/prometheus. */
export const operatorJob = "kv-responder-operator-metrics";

/** As config/manager/namespace.yaml has it. */
export const operatorNamespace = "kv-responder-system";

/** The operator's Deployment, as config/manager/manager.yaml has it: its pods' names begin with it. */
export const operatorWorkload = "kv-responder-operator";
