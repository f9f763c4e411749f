// Which Redis this is compatible with, for clients that look before they use a command.

export const redisVersion = "7.0.15";
