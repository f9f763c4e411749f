// spec.replication: whether pods copy to each other, what a write waits for, and how long what is deleted is remembered.

export const replicationModes = ["Peers", "None"] as const;
export const ackModes = ["Local", "One", "All"] as const;
