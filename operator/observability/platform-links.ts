// Dashboards of the whole platform. There is one of each in a Grafana, so their names are constants.

export const operatorDashboardUid = "kv-responder-operator";
export const fleetDashboardUid = "kv-responder-fleet";
